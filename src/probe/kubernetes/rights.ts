/**
 * Rights of users: what the API server answers to a review, what the roles and bindings that it shows grant by our own
 * evaluation, and, with a credential of the user that the owner gave, whether a read is let through. Reviews make nothing.
 */
import { randomBytes } from 'node:crypto';
import { refuse } from '../../bytes/refusal.ts';
import type { Contradiction, Grade } from '../../claim/observed.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import type { ProbeTask } from '../probe.ts';
import { ApiServer } from './api.ts';
import { assertKnownRights } from './known-rights.ts';
import { grantedBy, groupsOf, type Granted } from './rbac.ts';
import type { Review, Settings } from './settings.ts';
import { flagAt, textAt } from '../tree.ts';
import { viewOf, type View } from './view.ts';

export interface Rights {
  readonly value: ValueMap;
  readonly grades: readonly Grade[];
  readonly contradictions: readonly Contradiction[];
  readonly withheld: readonly Withheld[];
}

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const OWN = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const WHO = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
/** Milliseconds for one request. */
const REQUEST_MS = 15_000;

type Answer = 'allowed' | 'refused' | 'denied';
type Tried = 'allowed' | 'denied' | 'unclear';

/** Checks each right. Refuses `unavailable`, `config-invalid`. */
export async function checkRights(view: View, settings: Settings, task: ProbeTask): Promise<Rights> {
  await assertKnownRights(view.api, settings.reviews);
  const isRbac = await decidesByRbac(view.api);
  const user = settings.subjectToken === undefined ? undefined : new Subject(settings, task);
  try {
    const tally = new Tally();
    let read: Promise<View> | undefined;
    // Lists are read again once, for all rights.
    const again = (): Promise<View> => (read ??= readAgain(view));
    for (const review of settings.reviews) {
      const once = await askAll(view, review, user);
      tally.add(review, once, await settle(again, review, once, user, isRbac));
    }
    return tally.rights(settings.reviews.length);
  } finally {
    user?.close();
  }
}

interface Answers {
  readonly review: Answer;
  readonly roles: Granted;
  readonly tried: Tried | undefined;
}

async function askAll(view: View, review: Review, user: Subject | undefined): Promise<Answers> {
  const tried = user === undefined || !isRead(review) ? undefined : await user.tries(review);
  return {
    review: await reviewOf(view.api, review),
    roles: grantedBy(view.objects, review),
    tried,
  };
}

/** Only `get` of a kind is tried, since that asks for one name that there is none of. */
function isRead({ verb, resource }: Review): boolean {
  return verb === 'get' && !resource.includes('/') && resource !== '*';
}

type Outcome =
  | { readonly kind: 'allowed' | 'refused' }
  | { readonly kind: 'unsettled' | 'contradicted'; readonly what: string };

/** What the answers mean. Answers that contradict each other are had a second time, from lists that are read again. */
async function settle(
  again: () => Promise<View>,
  review: Review,
  once: Answers,
  user: Subject | undefined,
  isRbac: boolean,
): Promise<Outcome> {
  const first = outcomeOf(once, isRbac);
  if (first.kind !== 'contradicted') return first;
  const second = outcomeOf(await askAll(await again(), review, user), isRbac);
  if (second.kind === 'contradicted') return second;
  return { kind: 'unsettled', what: `seen once, which may be a change under way: ${first.what}` };
}

function readAgain(view: View): Promise<View> {
  const resources = [...new Set(view.lists.map(({ resource }) => resource))];
  const namespaces = [...new Set(view.lists.map(({ namespace }) => namespace))].filter((each) => each !== '');
  return viewOf(view.api, view.facts, { resources, namespaces, own: new Set() });
}

function outcomeOf({ review, roles, tried }: Answers, isRbac: boolean): Outcome {
  if (tried === 'allowed' && review !== 'allowed')
    return { kind: 'contradicted', what: 'a review says that it is refused, and a read was let through' };
  if (tried === 'denied' && review === 'allowed')
    return { kind: 'contradicted', what: 'a review says that it is allowed, and a read was denied' };
  if (review === 'denied' && roles !== 'refused')
    return { kind: 'unsettled', what: 'another authorizer denies what the roles grant' };
  if (review === 'refused' && roles === 'allowed')
    return isRbac
      ? {
          kind: 'contradicted',
          what: 'a review says that it is refused, and the roles that are shown grant it',
        }
      : { kind: 'unsettled', what: 'another authorizer than the roles decides' };
  if (review === 'allowed' && roles !== 'allowed')
    return {
      kind: 'unsettled',
      what: 'another authorizer decides, or the roles that grant it are not shown',
    };
  return { kind: review === 'allowed' ? 'allowed' : 'refused' };
}

async function reviewOf(api: ApiServer, review: Review): Promise<Answer> {
  const spec = {
    user: review.user,
    groups: groupsOf(review.user),
    resourceAttributes: attributesOf(review),
  };
  const { status, body } = await api.ask({ path: REVIEWS, review: reviewText('SubjectAccessReview', spec) });
  const allowed = flagAt(body, 'status', 'allowed');
  if (status !== 201 || allowed === undefined) throw api.refusal(status, 'a review of rights');
  if (allowed) return 'allowed';
  return flagAt(body, 'status', 'denied') === true ? 'denied' : 'refused';
}

function attributesOf({ verb, group, resource, namespace }: Review): Readonly<Record<string, string>> {
  const [kind = '', part] = resource.split('/', 2);
  return {
    verb,
    group,
    resource: kind,
    ...(part !== undefined && { subresource: part }),
    ...(namespace !== '' && { namespace }),
  };
}

function reviewText(kind: string, spec: object): string {
  return JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind, spec });
}

/** Whether roles decide on this server: it says of a right of this agent's own that a role grants it. */
async function decidesByRbac(api: ApiServer): Promise<boolean> {
  const resourceAttributes = { verb: 'list', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' };
  const { body } = await api.ask({
    path: OWN,
    review: reviewText('SelfSubjectAccessReview', { resourceAttributes }),
  });
  return (textAt(body, 'status', 'reason') ?? '').startsWith('RBAC: allowed by ');
}

/** The user whose rights are checked, with the credential that the owner gave. */
class Subject {
  readonly #api: ApiServer;
  #name: string | undefined;

  constructor({ servers: [address], access, subjectToken }: Settings, { signal }: ProbeTask) {
    if (address === undefined) throw new Error('there is a target');
    // Not with the agent's own certificate: the server would take the request for the agent's.
    const { spki, verify, ca } = access.trust;
    const place = { ...address, trust: { spki, verify, ca }, timeoutMs: REQUEST_MS, signal };
    this.#api = new ApiServer(place, subjectToken);
  }

  /**
   * Asks for a random name. 404 of the kind: the request was let through. 403 in the authorizer's words: it was denied.
   * Anything else shows nothing, since admission and proxies answer with 403, too.
   */
  async tries(review: Review): Promise<Tried | undefined> {
    this.#name ??= await this.#who();
    if (this.#name !== review.user) return undefined;
    const name = `tallystick-${randomBytes(8).toString('hex')}`;
    const root = review.group === '' ? '/api/v1' : await this.#groupRoot(review.group);
    const within = review.namespace === '' ? '' : `/namespaces/${review.namespace}`;
    const { status, body } = await this.#api.ask({ path: `${root}${within}/${review.resource}/${name}` });
    const reason = textAt(body, 'reason');
    if (status === 404 && reason === 'NotFound' && textAt(body, 'details', 'kind') === review.resource)
      return textAt(body, 'details', 'name') === name ? 'allowed' : 'unclear';
    const isAuthorizer = / is forbidden: User "[^"]*" cannot get resource "/.test(
      textAt(body, 'message') ?? '',
    );
    return status === 403 && reason === 'Forbidden' && isAuthorizer ? 'denied' : 'unclear';
  }

  close(): void {
    this.#api.close();
  }

  async #who(): Promise<string> {
    const review = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const { status, body } = await this.#api.ask({ path: WHO, review });
    const name = textAt(body, 'status', 'userInfo', 'username');
    if (status === 201 && name !== undefined) return name;
    throw refuse(
      'config-invalid',
      'the API server does not take the secret "subject" of kubernetes@1; renew the token',
    );
  }

  async #groupRoot(group: string): Promise<string> {
    const body = await this.#api.read(`/apis/${group}`, `the versions of ${group}`);
    const version = textAt(body, 'preferredVersion', 'version') ?? 'v1';
    return /^v[0-9][0-9a-z]{0,30}$/.test(version) ? `/apis/${group}/${version}` : `/apis/${group}/v1`;
  }
}

class Tally {
  readonly #allowed: string[] = [];
  readonly #unsettled: Value[] = [];
  readonly #tried: Record<string, string> = {};
  readonly #contradictions: Contradiction[] = [];
  /** Whether a read contradicts what the server says: this agent saw that. */
  #isSeen = false;

  add({ text }: Review, { tried, review }: Answers, outcome: Outcome): void {
    if (tried !== undefined) this.#tried[text] = tried;
    if (outcome.kind === 'contradicted') {
      const paths = ['/rights'];
      this.#contradictions.push({ paths, explain: `${text}: ${outcome.what}; asked twice` });
      this.#isSeen ||= tried === 'allowed' || tried === 'denied';
    }
    const isAllowed = outcome.kind === 'contradicted' && (tried === 'allowed' || review === 'allowed');
    if (outcome.kind === 'allowed' || isAllowed) this.#allowed.push(text);
    if (outcome.kind === 'unsettled') this.#unsettled.push({ right: text, what: outcome.what });
  }

  rights(asked: number): Rights {
    const isSettled = this.#unsettled.length === 0;
    const [first] = this.#unsettled;
    return {
      value: {
        asked,
        ...(isSettled && { settled: true }),
        allowed: this.#allowed,
        unsettled: this.#unsettled,
        tried: this.#tried,
      },
      grades: [{ path: this.#isSeen ? '/rights' : '/rights/tried', evidence: 'E1' }],
      contradictions: this.#contradictions,
      withheld: isSettled
        ? []
        : [
            {
              path: '/rights/settled',
              reason: `${this.#unsettled.length} rights are not settled, such as ${JSON.stringify(first)}`,
            },
          ],
    };
  }
}
