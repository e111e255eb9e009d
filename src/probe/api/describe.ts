/** The description of the probe `api@1`. */
import { scalars, type Shape } from '../../claim/shape.ts';
import { isUrl } from '../../evidence/address.ts';
import type { ProbeDescription } from '../description.ts';
import { urlOrAddress } from '../target-form.ts';
import { API_PACKS } from './pack.ts';

const ANSWERS: Shape = { list: { members: scalars('operation', 'status') } };

const API_SHAPE: Shape = {
  members: {
    operations: {
      members: scalars('total', 'writing', 'tried', 'shown', 'untried', 'needAuth', 'guarded', 'deprecated'),
    },
    whole: 'scalar',
    undocumented: ANSWERS,
    mediaTypes: ANSWERS,
    differing: { list: { members: scalars('operation', 'at') } },
    extra: { list: { members: scalars('operation', 'members') } },
    open: ANSWERS,
    erring: ANSWERS,
    untried: { list: { members: scalars('operation', 'why') } },
    looked: { list: 'scalar' },
  },
};

/** Most requests of one run that an owner may allow. */
export const MAX_REQUESTS = 200;

const URL_FORM = urlOrAddress('https://HOST/PATH', ['http:', 'https:']);

export const API: ProbeDescription = {
  name: 'api@1',
  summary: 'whether a service answers as its declared OpenAPI contract says, by requests that only read',
  target: {
    is: 'https://HOST:PORT/PATH or http://…, the path that those of the contract are below, without credentials or query',
    fits: (target) => isUrl(target) && URL_FORM.fits(target) && new URL(target).search === '',
  },
  parameters: {
    only: {
      type: 'texts',
      help: 'operations that are meant, such as /pets/{id} or GET /pets; by default all that read',
    },
    requests: { type: 'number', help: 'most requests of one run, at most 200', fallback: 30, by: 'owner' },
    values: {
      type: 'texts',
      help: 'values of parameters that the contract has none for, each METHOD /path/{name} NAME=VALUE',
      by: 'owner',
    },
    skip: {
      type: 'texts',
      help: 'operations that are never asked, since they do more than read',
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
    scheme: {
      type: 'text',
      help: 'scheme of the token in the Authorization header',
      fallback: 'Bearer',
      by: 'owner',
    },
  },
  secrets: {
    token: { help: 'a credential that may read, for operations that need one', isSent: true },
    ca: { help: 'PEM certificates of the authorities to verify with', isSent: false },
  },
  observes: () => API_SHAPE,
  evidence:
    'E1: what the service answered to this agent, which names itself. It may answer others otherwise.',
  blastRadius:
    'up to as many GET and HEAD requests as the owner allows (30), one after another, without a body; what else a GET does is known to whoever wrote the service',
  timeoutMs: 300_000,
  grants: [],
  packs: API_PACKS,
};
