/**
 * Whether a right that a claim names can exist on a server. A review refuses a right on a misspelt resource or verb to
 * everybody, so the claim that nobody has it would hold by its misspelling.
 */
import { refuse } from '../../bytes/refusal.ts';
import type { ApiServer } from './api.ts';
import type { Review } from './settings.ts';
import { mapsAt, textAt, textsAt } from '../tree.ts';

/** Verbs of requests, and those that only authorizers ask for (k8s.io/kubernetes v1.36). */
const VERBS: ReadonlySet<string> = new Set(
  'get list watch create update patch delete deletecollection * use bind escalate'.split(' '),
);
/** Verbs about names that no resource has: users, groups, signers. */
const OF_NAMES: ReadonlySet<string> = new Set('impersonate sign approve attest'.split(' '));
/** Most versions of one group that are asked for. */
const MAX_VERSIONS = 8;

type Served = ReadonlyMap<string, ReadonlySet<string>>;

/** Refuses `config-invalid` for a right on what the server does not serve, and `unavailable`. */
export async function assertKnownRights(api: ApiServer, reviews: readonly Review[]): Promise<void> {
  const known = new Map<string, Served>();
  for (const { verb, group, resource, text } of reviews) {
    if (OF_NAMES.has(verb)) continue;
    const served = known.get(group) ?? (await servedIn(api, group));
    known.set(group, served);
    const [name = ''] = resource.split('/', 1);
    const verbs = served.get(name);
    if (name !== '*' && verbs === undefined) throw wrong(text, 'it serves no such resource');
    if (!VERBS.has(verb) && verbs?.has(verb) !== true) throw wrong(text, 'it knows no such verb');
  }
}

function wrong(text: string, why: string): Error {
  return refuse(
    'config-invalid',
    `the right "${text}" of kubernetes@1 says nothing about this API server: ${why}, so that nobody has it; ` +
      'write the resource as in paths (secrets, deployments.apps)',
  );
}

/** Verbs of each resource of a group, in all of its versions. */
async function servedIn(api: ApiServer, group: string): Promise<Served> {
  const found = new Map<string, Set<string>>();
  for (const root of await rootsOf(api, group))
    for (const each of mapsAt(await api.read(root, 'the resources of a group'), 'resources')) {
      const name = textAt(each, 'name') ?? '';
      found.set(name, new Set([...(found.get(name) ?? []), ...textsAt(each, 'verbs')]));
    }
  return found;
}

async function rootsOf(api: ApiServer, group: string): Promise<readonly string[]> {
  if (group === '') return ['/api/v1'];
  const body = await api.read(`/apis/${group}`, `the versions of ${group}`);
  return mapsAt(body, 'versions')
    .map((each) => textAt(each, 'version') ?? '')
    .filter((each) => /^v[0-9][0-9a-z]{0,30}$/.test(each))
    .slice(0, MAX_VERSIONS)
    .map((version) => `/apis/${group}/${version}`);
}
