/** The description of the probe `ssh@1`. */
import { HOST_KEY_ALGORITHMS } from '../../evidence/ssh-key.ts';
import type { ProbeDescription } from '../description.ts';
import { addressAt } from '../target-form.ts';
import { SSH_PACKS } from './pack.ts';
import { SSH_FACTS } from './signed.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';

const NAMES: Shape = { list: 'scalar' };

const ALWAYS: Readonly<Record<string, Shape>> = {
  ...scalars('host', 'port', 'version', 'unsigned'),
  kex: NAMES,
  extensions: NAMES,
  hostKeys: NAMES,
  ciphers: NAMES,
  macs: NAMES,
  compression: NAMES,
  hostKey: { members: scalars('type', 'bits', 'fingerprint') },
  negotiated: { members: scalars('kex', 'hostKey') },
};

/** What the probe observes. It observes `auth` only if the claim asks for it. */
function sshShape(params: ReadonlyMap<string, Parameter>): Shape {
  const auth: Shape = { members: { ...scalars('user', 'anybody'), methods: NAMES } };
  return { members: { ...ALWAYS, ...(params.get('auth') === true && { auth }) } };
}

/** A user that need not exist: servers answer for unknown names too, so as not to reveal which names exist. */
export const DEFAULT_USER = 'tallystick';

/** Settings of sshd_config, as `sshd -T` prints them. */
const EXPECTED: ProbeDescription['parameters'] = Object.fromEntries(
  Object.entries({
    ciphers: 'Ciphers',
    macs: 'MACs',
    kex: 'KexAlgorithms',
    hostKeyAlgorithms: 'HostKeyAlgorithms',
    passwordAuthentication: 'PasswordAuthentication',
    kbdInteractiveAuthentication: 'KbdInteractiveAuthentication',
    pubkeyAuthentication: 'PubkeyAuthentication',
  }).map(([name, keyword]) => [
    name,
    { type: 'text', help: `${keyword} as \`sshd -T\` prints it, for the expression: p.${name}` },
  ]),
);

export const SSH: ProbeDescription = {
  name: 'ssh@1',
  summary: 'the algorithms that an SSH server offers and its host key, signed by that key',
  target: addressAt('22'),
  parameters: {
    hostkeys: {
      type: 'texts',
      help: `host key algorithms to ask for, the preferred first: ${[...HOST_KEY_ALGORITHMS.keys()].join(', ')}`,
      fallback: [...HOST_KEY_ALGORITHMS.keys()],
    },
    fingerprint: { type: 'text', help: 'expected host key, for the expression: p.fingerprint' },
    auth: {
      type: 'boolean',
      help: 'ask which ways to log in the server offers, by one request that shows no password and no key',
      fallback: false,
    },
    ...EXPECTED,
    user: { type: 'text', help: 'with auth: the user name of that request', fallback: DEFAULT_USER },
  },
  observes: sshShape,
  evidence:
    "E3: the server's version, everything it offers and its host key, which signs them. " +
    'E1, with the reason: the same, if the server signs by no algorithm that is read here. ' +
    'E1: ways to log in. The server names them after the key exchange, and nobody signs them. They hold for the user name and ' +
    'address of the request: a server may offer others to others (Match).',
  blastRadius:
    'one connection, closed after the key exchange, without a login. auth: one login that shows no password and no key, which the server may log',
  timeoutMs: 30_000,
  grants: [],
  sight: () => ({ probe: 'ssh@1', params: new Map() }),
  signed: SSH_FACTS,
  packs: SSH_PACKS,
};
