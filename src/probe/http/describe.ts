/** The description of the probe `http@1`. */
import type { ProbeDescription } from '../description.ts';
import { urlOrAddress } from '../target-form.ts';
import { TOLD_HEADERS } from './headers.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';
import { HTTP_PACKS } from './pack.ts';

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
      'least',
      'before',
      'after',
      'enforced',
      'why',
    ),
    statuses: { list: 'scalar' },
  },
};

/** `auth` and `burst` only where the claim asks for them. */
function httpShape(params: ReadonlyMap<string, Parameter>): Shape {
  const requests = params.get('requests');
  return {
    members: {
      ...ALWAYS,
      ...(params.get('auth') === true && { auth: AUTH }),
      ...(typeof requests === 'number' && requests > 0 && { burst: BURST }),
    },
  };
}

/** Requests of one burst, and connections that it is sent over. */
export const MAX_REQUESTS = 200;
export const MAX_CONNECTIONS = 10;

export const HTTP: ProbeDescription = {
  name: 'http@1',
  summary:
    'what a web server answers, whether it asks for credentials, and whether its rate limit is enforced',
  target: urlOrAddress('host:port or an http or https URL without credentials', ['http:', 'https:']),
  parameters: {
    path: {
      type: 'text',
      help: 'path and query to ask for, of a target that names none, where no secret "token" is sent; else /',
    },
    method: { type: 'text', help: 'GET or HEAD', fallback: 'GET' },
    headers: {
      type: 'texts',
      help: `headers to tell; by default those whose values hold no secret: ${TOLD_HEADERS.join(', ')}`,
    },
    tell: {
      type: 'texts',
      help: 'other headers whose values may be told, since they hold no secret',
      by: 'owner',
    },
    verify: {
      type: 'boolean',
      help: 'https: the certificate must verify (secret "ca": PEM of the authorities)',
      fallback: true,
      by: 'owner',
    },
    spki: {
      type: 'text',
      help: 'https: hex SHA-256 of the only public key to talk to, instead of a certificate',
      by: 'owner',
    },
    auth: {
      type: 'boolean',
      help: 'ask without and with wrong credentials, and with the secret "token" where there is one',
      fallback: false,
    },
    scheme: { type: 'text', help: 'scheme of the Authorization header', fallback: 'Bearer', by: 'owner' },
    requests: {
      type: 'number',
      help: `requests of a burst, at most ${MAX_REQUESTS}; 0: none`,
      fallback: 0,
    },
    rate: { type: 'number', help: 'declared limit, requests a second' },
    burst: { type: 'number', help: 'declared allowance beyond it', fallback: 0 },
    limit: {
      type: 'text',
      help: "in place of rate and burst: what nginx's limit_req says, as in `zone=one burst=5 nodelay`",
    },
    zone: { type: 'text', help: "what nginx's limit_req_zone says, as in `zone=one:10m rate=10r/s`" },
    connections: {
      type: 'number',
      help: `connections of a burst, at most ${MAX_CONNECTIONS}`,
      fallback: 4,
    },
    limited: {
      type: 'texts',
      help: 'statuses that mean "limited"',
      fallback: ['429', '503'],
    },
    expect: { type: 'text', help: 'for the expression: p.expect' },
  },
  secrets: {
    token: { help: 'what is sent for auth: the right credentials', isSent: true },
    ca: { help: 'PEM of the authorities that a certificate must verify with', isSent: false },
  },
  observes: httpShape,
  evidence: 'E1: this agent asked and saw the answers; nobody signs them.',
  blastRadius:
    'one request; with auth three more, one of them with wrong credentials (a login that locks out may count it); ' +
    `with requests a burst of at most ${MAX_REQUESTS}, which uses up the allowance of this agent's address, and a few after it`,
  timeoutMs: 60_000,
  grants: [],
  packs: HTTP_PACKS,
};
