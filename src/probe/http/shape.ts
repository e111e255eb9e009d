/** What `http@1` can observe. */
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';

const ALWAYS: Readonly<Record<string, Shape>> = {
  ...scalars('host', 'port', 'path', 'status', 'encrypted'),
  headers: { map: 'scalar' },
  redirect: { members: scalars('scheme', 'host', 'port', 'samePath') },
  challenges: { list: 'scalar' },
  cookies: { list: { members: scalars('name', 'secure', 'httpOnly', 'sameSite') } },
  body: { members: scalars('bytes', 'whole') },
  tls: { map: 'scalar' },
};

const AUTH: Shape = { members: scalars('anonymous', 'wrong', 'required', 'right', 'admits') };

const BURST: Shape = {
  members: {
    ...scalars(
      'sent',
      'accepted',
      'limited',
      'failed',
      'wallMs',
      'allowed',
      'before',
      'after',
      'enforced',
      'why',
    ),
    statuses: { list: 'scalar' },
  },
};

/** `auth` and `burst` only where the claim asks for them. */
export function httpShape(params: ReadonlyMap<string, Parameter>): Shape {
  const requests = params.get('requests');
  return {
    members: {
      ...ALWAYS,
      ...(params.get('auth') === true && { auth: AUTH }),
      ...(typeof requests === 'number' && requests > 0 && { burst: BURST }),
    },
  };
}
