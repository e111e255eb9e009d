/** What a claim and the owner of a cluster ask of `kubernetes@1`. */
import { refuse } from '../../bytes/refusal.ts';
import { matcher } from '../../statement/pattern.ts';
import { saltKey } from '../declared.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import { manifestsByIndex, PLATFORM, PLATFORM_FORM } from '../platforms.ts';
import type { ProbeTask } from '../probe.ts';
import { accessOf, tokenOf, type Access } from './credentials.ts';
import { addressOf } from './address.ts';
import { PARTS, type Part } from './describe.ts';
import { parseKind, type Resource } from './server.ts';
import type { Address } from '../../evidence/address.ts';

export interface Settings {
  readonly what: ReadonlySet<Part>;
  readonly cluster: string | undefined;
  /** `apiVersion/Kind`; undefined: those that are declared. */
  readonly kinds: readonly Pick<Resource, 'apiVersion' | 'kind'>[] | undefined;
  readonly namespaces: readonly string[] | undefined;
  /** Where declared objects are that name no namespace; undefined: in that of the release, or `default`. */
  readonly namespace: string | undefined;
  readonly closed: boolean;
  /** Seconds for which no declared object may have been written; undefined: nobody asks. */
  readonly settle: number | undefined;
  readonly ignoresObject: (path: string) => boolean;
  readonly ignoresLeaf: (inside: string) => boolean;
  /** Digests of images that stand for a declared digest: by that digest. */
  readonly platforms: ReadonlyMap<string, ReadonlySet<string>>;
  readonly reviews: readonly Review[];
  readonly access: Access;
  /** The target, and further servers of the same cluster. */
  readonly servers: readonly Address[];
  readonly key: Uint8Array | undefined;
  /** The token of the user that the reviews are about. */
  readonly subjectToken: string | undefined;
}

/** One question: may a user do this? */
export interface Review {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly group: string;
  /** Empty: in all namespaces, or of no namespace. */
  readonly namespace: string;
  /** As the claim writes it. */
  readonly text: string;
}

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const UID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PATTERN = /^\/[!-~]{1,500}$/;
const REVIEW =
  /^([A-Za-z0-9][A-Za-z0-9:@._-]{0,252}) ([a-z]{1,32}|\*) ([a-z0-9/*-]{1,128})((?:\.[a-z0-9-]+)*)(?: in ([a-z0-9-]{1,63}))?$/;

/** Refuses `config-invalid`. */
export async function readSettings(task: ProbeTask): Promise<Settings> {
  const given = new ParsedParameters('kubernetes@1', task.params);
  const [kubeconfig, token, ca] = [
    await task.secret('kubeconfig'),
    await task.secret('token'),
    await task.secret('ca'),
  ];
  const spki = given.text('spki', /^[0-9a-f]{64}$/, 'is a SHA-256 in lower-case hex');
  const ignored = given.texts('ignore', PATTERN, 'is a path that begins with /, with * and **') ?? [];
  const [objects, leaves] = ignoredBy(ignored);
  const subjectToken = await task.secret('subject');
  const servers = [task.target, ...(given.texts('endpoints', /^[!-~]{1,300}$/, 'is HOST:PORT', 8) ?? [])];
  return {
    what: partsOf(given),
    cluster: given.text('cluster', UID, 'is the UID of the namespace kube-system'),
    kinds: kindsOf(given),
    namespaces: given.texts('namespaces', NAME, 'is the name of a namespace'),
    namespace: given.text('namespace', NAME, 'is the name of a namespace'),
    closed: given.flag('closed', true),
    settle: given.whole('settle', 1, 366 * 86_400),
    ignoresObject: objects,
    ignoresLeaf: leaves,
    platforms: manifestsByIndex(given.texts('platforms', PLATFORM, PLATFORM_FORM) ?? []),
    reviews: reviewsOf(given),
    access: accessOf({ kubeconfig, token, ca, spki }, task.target),
    servers: servers.map(addressOf),
    key: saltKey('kubernetes@1', await task.secret('salt')),
    subjectToken: subjectToken === undefined ? undefined : tokenOf(subjectToken),
  };
}

function partsOf(given: ParsedParameters): ReadonlySet<Part> {
  const says = `is one of ${PARTS.join(', ')}`;
  const named = given.texts('what', new RegExp(`^(?:${PARTS.join('|')})$`), says) ?? ['objects'];
  return new Set(PARTS.filter((part) => named.includes(part)));
}

/** Refuses Secrets: the agent may not read them, and never asks for them. */
function kindsOf(given: ParsedParameters): Settings['kinds'] {
  const says = 'is apiVersion/Kind, such as apps/v1/Deployment';
  const kinds = given.texts('kinds', /^[A-Za-z0-9./-]{1,300}$/, says)?.map((text) => {
    const kind = parseKind(text);
    if (kind === undefined) throw given.wrong('kinds', says);
    return kind;
  });
  if (kinds?.some(isSecret))
    throw given.wrong('kinds', 'cannot name Secrets: they are never listed, and the agent may not read them');
  return kinds;
}

export function isSecret({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): boolean {
  return apiVersion === 'v1' && kind === 'Secret';
}

/** A pattern with four steps is of objects: `/v1/ConfigMap/shop/*`; one that begins with `//` is of leaves: `//spec/replicas`. */
function ignoredBy(
  patterns: readonly string[],
): readonly [object: (path: string) => boolean, leaf: (inside: string) => boolean] {
  const leaves = patterns.filter((each) => each.startsWith('//')).map((each) => each.slice(1));
  const objects = patterns.filter((each) => !each.startsWith('//')).map((each) => matcher(each));
  const inside = leaves.flatMap((each) => [matcher(each), matcher(`${each}/**`)]);
  return [
    (path) => objects.some((matches) => matches(path)),
    (path) => inside.some((matches) => matches(path)),
  ];
}

function reviewsOf(given: ParsedParameters): readonly Review[] {
  const says = 'is `USER VERB RESOURCE[.GROUP] [in NAMESPACE]`';
  return (given.texts('rights', REVIEW, says, 32) ?? []).map((text) => {
    const [, user = '', verb = '', resource = '', group = '', namespace = ''] = REVIEW.exec(text) ?? [];
    return { user, verb, resource, group: group.slice(1), namespace, text };
  });
}

/** Refuses `config-invalid` for a claim about rights that names none, and for one about pods or images that names no namespaces. */
export function assertScope({ what, reviews, namespaces }: Settings): void {
  if (what.has('rights') && reviews.length === 0)
    throw refuse('config-invalid', 'kubernetes@1 checks no right: name some with the parameter rights');
  if ((what.has('pods') || what.has('images')) && (namespaces ?? []).length === 0)
    throw refuse(
      'config-invalid',
      'kubernetes@1 looks at pods of named namespaces: give it the parameter namespaces',
    );
}
