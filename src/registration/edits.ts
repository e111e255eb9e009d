/**
 * The edits of a registration policy that have a verb of their own (`policy enrol`, `policy revoke` …). Each returns
 * the same document if it changes nothing.
 */
import { digest } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import { kidOf } from '../cose/key.ts';
import { formatVkey, parseVkey } from '../note/key.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import { matcher } from '../statement/pattern.ts';
import type { EnrolledKey, PolicyDocument } from '../statement/policy.ts';
import { describeKey, shortVkey } from './difference.ts';

/**
 * Enrols a key. Refuses `policy-rejected` for a revoked key, and `exists-already` for a key that is enrolled with other
 * rights, unless `replace` is set.
 */
export function enrol(document: PolicyDocument, wanted: EnrolledKey, replace: boolean): PolicyDocument {
  const kid = kidOf(wanted.key);
  if (document.revoked?.some((each) => formatHex(each.kid) === kid) === true)
    throw refuse('policy-rejected', `key ${kid} was revoked and cannot come back; make a new key`);
  const at = document.keys.findIndex(({ key }) => kidOf(key) === kid);
  const there = document.keys[at];
  if (there === undefined) return { ...document, keys: [...document.keys, wanted] };
  if (grantOf(there) === grantOf(wanted)) return document;
  if (replace) return { ...document, keys: document.keys.with(at, wanted) };
  throw refuse('exists-already', `it is enrolled otherwise: ${shown(there)}; replace that enrolment`, {
    remedy: { replace: true },
  });
}

/** The rights that an enrolment grants, as text that does not depend on the order of its lists. */
function grantOf({ key, roles, subjects, ...rest }: EnrolledKey): string {
  const fields = { ...rest, kid: kidOf(key), roles: roles.toSorted(), subjects: subjects.toSorted() };
  return JSON.stringify(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Under which name the log's own notary is enrolled. */
export const NOTARY_NAME = 'the log itself, for witnessed heads';

/** Statements that a notary may log between two policies, where the policy counts them: 27 years at 10 minutes. */
const NOTARY_STATEMENTS = 1_500_000;

/**
 * The enrolment of a key that logs witnessed heads, and nothing else: role monitor, of the log's origin as its only
 * subject. `document`: whose limit of statements must not end it.
 */
export function notaryEnrolment(
  origin: string,
  key: PublicKey,
  { limits }: { readonly limits?: PolicyDocument['limits'] } = {},
): EnrolledKey {
  const counted = limits?.keyStatements !== undefined;
  return {
    key,
    name: NOTARY_NAME,
    roles: ['monitor'],
    subjects: [patternOf(origin)],
    ...(counted && { maxStatements: NOTARY_STATEMENTS }),
  };
}

/** Enrols the key of the log's notary, unless it may log witnessed heads already. Refuses as `enrol` does. */
export function enrolNotary(document: PolicyDocument, key: PublicKey): PolicyDocument {
  const kid = kidOf(key);
  const there = document.keys.find((each) => kidOf(each.key) === kid);
  const may =
    there?.roles.includes('monitor') === true &&
    there.subjects.some((each) => matcher(each)(document.origin));
  return may ? document : enrol(document, notaryEnrolment(document.origin, key, document), false);
}

/** The pattern that an origin matches. Characters that patterns do not take are matched by any others but '/'. */
function patternOf(origin: string): string {
  return origin.replaceAll(/[?[\]{}\\*]+/g, '*');
}

/** A key's thumbprint: SHA-256 in lower-case hex. */
export const KID = /^[0-9a-f]{64}$/;

/** The key to revoke, from when on, and why. */
interface Revocation {
  /** Thumbprint in hex, or the name it is enrolled under. */
  readonly who: string;
  readonly since: number | undefined;
  readonly reason: string | undefined;
}

/**
 * Removes a key's enrolment and revokes it: its statements do not count from the next entry on (index `size`), or from
 * `since` on if that is given. For a key that is revoked already, members that `wanted` leaves out keep their value.
 * Refuses `no-such-key`, and `usage` for a name that several keys have.
 */
export function revoke(document: PolicyDocument, wanted: Revocation, size: number): PolicyDocument {
  const kid = kidNamed(document, wanted.who);
  const revoked = document.revoked ?? [];
  const at = revoked.findIndex((each) => formatHex(each.kid) === kid);
  const there = revoked[at];
  const reason = wanted.reason ?? there?.reason;
  const next = {
    kid: digest(parseHex(kid)),
    since: wanted.since ?? there?.since ?? size,
    ...(reason === undefined ? {} : { reason }),
  };
  return {
    ...document,
    keys: document.keys.filter(({ key }) => kidOf(key) !== kid),
    revoked: there === undefined ? [...revoked, next] : revoked.with(at, next),
  };
}

/** The thumbprint of the key that is meant: a thumbprint, or the name that one key is enrolled under. Refuses as `revoke` does. */
export function kidNamed(document: PolicyDocument, name: string): string {
  if (KID.test(name)) return name;
  const named = document.keys.filter((each) => each.name === name);
  const [only] = named;
  if (only === undefined)
    throw refuse(
      'no-such-key',
      `no enrolled key is named ${printable(name, 130)}; name one, or give a thumbprint of 64 hex digits`,
    );
  if (named.length === 1) return kidOf(only.key);
  throw refuse('usage', `several keys have that name; say which: ${named.map(shown).join('; ')}`);
}

function shown(key: EnrolledKey): string {
  return printable(describeKey(key), 1000);
}

/** A key that belongs to the log itself. */
export type LogKey =
  | { readonly use: 'checkpoint'; readonly vkey: string }
  | { readonly use: 'receipt'; readonly key: PublicKey };

/** The vkey of a public key as this log's checkpoint key. Refuses `unsupported-algorithm` for P-256. */
export function checkpointVkey(origin: string, key: PublicKey): string {
  if (key.algorithm === 'ecdsa-p256')
    throw refuse('unsupported-algorithm', 'checkpoints are signed with Ed25519 and ML-DSA-44 keys only');
  return formatVkey(origin, key.algorithm === 'ed25519' ? 1 : 6, key);
}

/**
 * Adds keys of the log: checkpoint keys at the end of their list, receipt keys at the front. Refuses as `parseVkey`
 * does.
 */
export function addLogKeys(document: PolicyDocument, added: readonly LogKey[]): PolicyDocument {
  const { log } = document;
  const vkeys = added.flatMap((each) => (each.use === 'checkpoint' ? [each.vkey] : []));
  vkeys.forEach(parseVkey);
  const kids = new Set(log.receiptKeys.map(kidOf));
  const receiptKeys = added.flatMap((each) =>
    each.use === 'receipt' && !kids.has(kidOf(each.key)) ? [each.key] : [],
  );
  return {
    ...document,
    log: {
      vkeys: [...new Set([...log.vkeys, ...vkeys])],
      receiptKeys: [...receiptKeys, ...log.receiptKeys],
    },
  };
}

/**
 * Removes keys of the log. Each is named by a vkey, by the beginning `<name>+<key id>` of one, or by the thumbprint of
 * a receipt key. Refuses `no-such-key` if there is none, and `policy-rejected` if no key of its kind would remain.
 */
export function removeLogKeys(document: PolicyDocument, removed: readonly string[]): PolicyDocument {
  const { log } = document;
  for (const each of removed) {
    if (!log.vkeys.some((vkey) => isVkey(vkey, each)) && !log.receiptKeys.some((key) => kidOf(key) === each))
      throw noLogKey(each);
  }
  const vkeys = log.vkeys.filter((vkey) => !removed.some((each) => isVkey(vkey, each)));
  const receiptKeys = log.receiptKeys.filter((key) => !removed.includes(kidOf(key)));
  if (vkeys.length === 0 || receiptKeys.length === 0)
    throw refuse(
      'policy-rejected',
      'the log would be left without a key to sign with; add the new one first',
    );
  return { ...document, log: { vkeys, receiptKeys } };
}

function isVkey(vkey: string, named: string): boolean {
  return vkey === named || shortVkey(vkey) === named;
}

function noLogKey(named: string): Refusal {
  return refuse(
    'no-such-key',
    `the policy names no key ${printable(named, 80)} of the log; \`policy show\` lists them`,
  );
}
