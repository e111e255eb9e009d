/** The description of the probe `net@1`. */
import { NET_FACTS } from './signed.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';
import type { ProbeDescription, Sight } from '../description.ts';
import { isTaken } from '../target-form.ts';
import { parseAddress } from '../../evidence/address.ts';
import { NET_PACKS } from './pack.ts';

/** What may show that the target itself answers. */
export const ANSWERS = ['tls', 'ssh', 'banner', 'listener'] as const;

/** Pairs a minute with one host that the owner may allow, and that are allowed if the owner says nothing. */
export const MAX_PER_MINUTE = 60;
export const USUAL_PER_MINUTE = 6;

/** Connections to an address that does not answer; addresses of a host that are looked at. */
export const TRIES = 3;
export const ADDRESSES = 4;
/** Most connections of a pair to one address: the tries, and the control before the first and after each. */
export const CONNECTIONS = 2 * TRIES + 1;

/** Most pairs of one draw. */
export const MAX_DRAW = 32;

/** What is observed of a draw (`draw`). */
const DRAW_SHAPE: Shape = {
  members: {
    matrix: { members: scalars('source', 'pairs', 'drawn', 'right', 'wrong', 'by', 'whole') },
    drawn: { list: { members: scalars('to', 'allowed', 'outcome', 'asDeclared', 'why') } },
  },
};

/** What is observed of one pair. */
const NET_SHAPE: Shape = {
  members: {
    ...scalars('host', 'port', 'transport', 'outcome', 'code', 'tries', 'reachable', 'why'),
    ...scalars('allowed', 'asDeclared'),
    control: { members: scalars('port', 'looked', 'answered') },
    addresses: { members: scalars('total', 'looked') },
  },
};

/** A target that stands for pairs of the declared matrix. */
export const MATRIX = /^matrix:([A-Za-z0-9._-]{1,64})$/;

/** A target without a port is none: no port is as large as the one that it is read with. */
function isDoor(target: string): boolean {
  return isTaken(() => parseAddress(target, 65_536)) && parseAddress(target, 65_536).port <= 65_535;
}

export const NET: ProbeDescription = {
  name: 'net@1',
  summary: 'whether a port of a host can be reached from the machine of the agent, by behaviour',
  target: {
    is: 'host:port, or matrix:SOURCE, a source of the declared matrix',
    fits: (target) => MATRIX.test(target) || isDoor(target),
  },
  parameters: {
    transport: { type: 'text', help: 'tcp or udp', fallback: 'tcp' },
    answer: {
      type: 'text',
      help: 'what shows that the target itself answers: tls (its handshake), ssh (its offer), banner (its first bytes), listener',
      fallback: 'tls',
    },
    banner: { type: 'text', help: 'with answer banner: the text that the first bytes of the target are' },
    servername: {
      type: 'text',
      help: 'with answer tls: name to ask for (SNI); by default the host of the target, if it is a name',
    },
    starttls: {
      type: 'text',
      help: 'with answer tls: protocol that is spoken before TLS: none, postgres (SSLRequest) or smtp',
      fallback: 'none',
    },
    key: {
      type: 'text',
      help: 'the only key that counts: with answer tls the hex SHA-256 of a public key, with ssh a fingerprint',
    },
    listener: {
      type: 'text',
      help: 'the key of the listener at the target, as agent listen prints it, where answer or controlAnswer is listener',
    },
    fromPod: {
      type: 'text',
      help: 'NAMESPACE/LABEL=VALUE,… of the pod of the agent: asDeclared then compares with the declared NetworkPolicies',
    },
    toPod: { type: 'text', help: 'the same of the pod at the target' },
    podPort: { type: 'number', help: 'port of that pod; by default that of the target' },
    draw: {
      type: 'number',
      help: `with the target matrix:SOURCE: pairs of the declared matrix to draw, at most ${MAX_DRAW}`,
    },
    control: {
      type: 'number',
      help: 'a port of the same host that this source may reach; without it "not reachable" is never PROVEN',
    },
    controlAnswer: { type: 'text', help: 'as answer, of the control', fallback: 'tls' },
    controlBanner: { type: 'text', help: 'as banner, of the control' },
    controlKey: {
      type: 'text',
      help: 'as key, of the control; without it any server that signs can answer as the control',
    },
    pairsPerMinute: {
      type: 'number',
      help: `pairs a minute with one host, at most ${MAX_PER_MINUTE}`,
      fallback: USUAL_PER_MINUTE,
      by: 'owner',
    },
  },
  observes: (params) => (params.has('draw') ? DRAW_SHAPE : NET_SHAPE),
  evidence:
    'E1: this agent tried from its machine. If the target signs its handshake, the signature is attached, and bytes that another ' +
    'than the target of the commitment signed do not count. Nobody signs a port, a source, or that nothing came, except: ' +
    'E2: `reachable`, where a listener at the target signs which ports are open and what it received under the nonce of the run.',
  blastRadius:
    `a pair is at most ${CONNECTIONS} connections to each address of the host, and at most ${ADDRESSES} addresses: one if something answers, ${TRIES} if nothing does; ` +
    'with a control one more to it before the first, and one after each that nothing answers. A handshake is not finished, and no request is sent; with answer banner or ' +
    'listener one line: tallystick net@1 NONCE. With draw the same for each pair, 4 at a time',
  timeoutMs: 180_000,
  grants: [],
  sight,
  signed: NET_FACTS,
  packs: NET_PACKS,
};

/** Targets that answer with TLS or SSH sign. */
function sight(params: ReadonlyMap<string, Parameter>): Sight | undefined {
  if (params.has('draw')) return undefined;
  const answer = params.get('answer') ?? 'tls';
  if (answer === 'ssh') return { probe: 'ssh@1', params: new Map() };
  if (answer !== 'tls') return undefined;
  const same = [...params].filter(([name]) => name === 'servername' || name === 'starttls');
  return { probe: 'tls@1', params: new Map(same) };
}
