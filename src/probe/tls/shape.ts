/** What `tls@1` can observe. */
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';
import { TOLD_OF_EACH } from '../../evidence/tls-facts.ts';

const BY_VERSION: Shape = { map: 'scalar' };

const ALWAYS: Readonly<Record<string, Shape>> = {
  ...scalars('host', 'port', 'starttls', 'servername'),
  accepted: BY_VERSION,
  why: BY_VERSION,
  suite: BY_VERSION,
  group: BY_VERSION,
  scheme: BY_VERSION,
  sentinel: BY_VERSION,
  spki: BY_VERSION,
  negotiated: { members: scalars('version', 'suite', 'group', 'scheme') },
  certificate: {
    members: {
      ...scalars(
        'subject',
        'issuer',
        'serial',
        'notBefore',
        'notAfter',
        'daysLeft',
        'ageDays',
        'spki',
        'sha256',
      ),
      ...scalars('keyType', 'keyBits', 'curve', 'chainLength', 'coversHost'),
      names: { list: 'scalar' },
    },
  },
  certificates: { list: { members: scalars(...TOLD_OF_EACH) } },
};

/** `suites` with `enumerate` alone. */
export function tlsShape(params: ReadonlyMap<string, Parameter>): Shape {
  const suites: Shape = { map: { list: 'scalar' } };
  return { members: { ...ALWAYS, ...(params.get('enumerate') === true && { suites }) } };
}
