/**
 * `keys.json`: every key that a registration policy of the log enrols or revokes, with its roles, validity and revocation,
 * what it signed in the bundle, and whose keys may be one person's (spec/bundle.md).
 */
import { compareBytes } from '../../bytes/compare.ts';
import { encodeUtf8, formatHex } from '../../bytes/text.ts';
import { keyThumbprint } from '../../cose/key.ts';
import type { InForce } from '../../registration/rules.ts';
import type { EnrolledKey } from '../../statement/policy.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import type { BundleEntry } from './entries.ts';
import type { Json } from './text.ts';

const KINDS: readonly StatementKind[] = [
  'policy',
  'commitment',
  'approval',
  'proof',
  'notice',
  'waiver',
  'deployment',
  'other',
];

/** Roles whose meeting in one key, issuer or name an auditor asks about. `submitter` is none of them. */
const SEPARATED: readonly string[] = ['author', 'approver', 'agent', 'monitor', 'admin'];

/** One key, over all policies. */
interface KeyPast {
  readonly kid: string;
  algorithm: string | null;
  /** The fields of the newest policy, to see whether the next ones differ. */
  newest: string | undefined;
  readonly enrolled: { readonly [name: string]: Json }[];
  leftOut: number | null;
  revoked: { readonly since: number; readonly by: number; readonly reason: string | null } | null;
  readonly roles: Set<string>;
  readonly names: Set<string>;
  readonly issuers: Set<string>;
  readonly signed: Map<StatementKind, number>;
}

/** The file's value. `policies`: in log order; `entries`: of the bundle, in log order. */
export function keysJson(policies: readonly InForce[], entries: readonly BundleEntry[]): Json {
  const keys = keysOf(policies);
  for (const { parsed } of entries) {
    const key = keys.get(parsed.kid);
    key?.issuers.add(parsed.issuer);
    key?.signed.set(parsed.kind, (key.signed.get(parsed.kind) ?? 0) + 1);
  }
  const all = [...keys.values()];
  return {
    policies: policies.map(({ index, id, policy: { document } }) => ({
      index,
      id,
      keys: document.keys.length,
      open: document.open,
    })),
    keys: all.map(({ kid, algorithm, enrolled, leftOut, revoked, signed }) => ({
      kid,
      algorithm,
      enrolled,
      left_out: leftOut,
      revoked,
      entries: Object.fromEntries(
        KINDS.flatMap((kind) => (signed.has(kind) ? [[kind, signed.get(kind) ?? 0]] : [])),
      ),
    })),
    overlaps: overlapsOf(all),
  };
}

/** Thumbprints of the keys that policies name. */
export function kidsOf(policies: readonly InForce[]): ReadonlySet<string> {
  return new Set(keysOf(policies).keys());
}

function keysOf(policies: readonly InForce[]): ReadonlyMap<string, KeyPast> {
  const keys = new Map<string, KeyPast>();
  const keyOf = (kid: string): KeyPast => {
    const known = keys.get(kid) ?? emptyKey(kid);
    keys.set(kid, known);
    return known;
  };
  for (const { index, policy } of policies) {
    const { document } = policy;
    const named = new Set<string>();
    for (const enrolled of document.keys) {
      const kid = formatHex(keyThumbprint(enrolled.key));
      named.add(kid);
      enrol(keyOf(kid), enrolled, index);
    }
    for (const { kid: bytes, since, reason } of document.revoked ?? []) {
      const key = keyOf(formatHex(bytes));
      named.add(key.kid);
      key.newest = undefined;
      if (key.revoked === null || since < key.revoked.since)
        key.revoked = { since, by: index, reason: reason ?? null };
    }
    for (const key of keys.values())
      if (key.newest !== undefined && !named.has(key.kid)) [key.newest, key.leftOut] = [undefined, index];
  }
  return keys;
}

function emptyKey(kid: string): KeyPast {
  const sets = { roles: new Set<string>(), names: new Set<string>(), issuers: new Set<string>() };
  return {
    kid,
    algorithm: null,
    newest: undefined,
    enrolled: [],
    leftOut: null,
    revoked: null,
    signed: new Map(),
    ...sets,
  };
}

function enrol(
  key: KeyPast,
  { key: { algorithm }, name, roles, subjects, issuer, notBefore, notAfter }: EnrolledKey,
  policy: number,
): void {
  const fields = {
    name,
    roles,
    subjects: subjects.map(String),
    issuer: issuer ?? null,
    not_before: notBefore ?? null,
    not_after: notAfter ?? null,
  };
  const text = JSON.stringify(fields);
  if (text !== key.newest) key.enrolled.push({ policy, ...fields });
  [key.newest, key.leftOut, key.algorithm] = [text, null, algorithm];
  for (const role of roles) key.roles.add(role);
  key.names.add(name);
  if (issuer !== undefined) key.issuers.add(issuer);
}

/** Keys with several roles; issuers and names of several keys. */
function overlapsOf(keys: readonly KeyPast[]): readonly Json[] {
  const several = keys.filter(({ roles }) => SEPARATED.filter((role) => roles.has(role)).length > 1);
  return [
    ...sortedBy(several, ({ kid }) => kid).map((key) => overlap('key', key.kid, [key])),
    ...shared(keys, 'issuer', ({ issuers }) => issuers),
    ...shared(keys, 'name', ({ names }) => names),
  ];
}

function shared(
  keys: readonly KeyPast[],
  by: string,
  valuesOf: (key: KeyPast) => ReadonlySet<string>,
): readonly Json[] {
  const values = new Map<string, KeyPast[]>();
  for (const key of keys)
    for (const value of valuesOf(key)) values.set(value, [...(values.get(value) ?? []), key]);
  return sortedBy([...values], ([value]) => value).flatMap(([value, holders]) =>
    holders.length > 1 ? [overlap(by, value, holders)] : [],
  );
}

function overlap(by: string, value: string, holders: readonly KeyPast[]): Json {
  const roles = new Set(holders.flatMap((key) => [...key.roles]));
  return { by, value, kids: holders.map(({ kid }) => kid), roles: [...roles].toSorted() };
}

/** In ascending order of the UTF-8 bytes of a text. */
function sortedBy<T>(list: readonly T[], textOf: (each: T) => string): readonly T[] {
  return list
    .map((each) => ({ each, key: encodeUtf8(textOf(each)) }))
    .toSorted((a, b) => compareBytes(a.key, b.key))
    .map(({ each }) => each);
}
