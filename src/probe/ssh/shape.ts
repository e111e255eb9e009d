/** What `ssh@1` can observe. */
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

/** `auth` only where the claim asks for it. */
export function sshShape(params: ReadonlyMap<string, Parameter>): Shape {
  const auth: Shape = { members: { ...scalars('user', 'anybody'), methods: NAMES } };
  return { members: { ...ALWAYS, ...(params.get('auth') === true && { auth }) } };
}
