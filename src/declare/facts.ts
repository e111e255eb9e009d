/**
 * A declaration as named facts, so that two declarations can be compared line by line, and each fact traced to who
 * declared it.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { formatHex } from '../bytes/text.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import { parameterText } from '../statement/leaf-text.ts';

/** Name → text, in the order of the declaration. */
export type Facts = ReadonlyMap<string, string>;

/**
 * Every fact of a declaration: `environment`, `claims.tls-min.cadence`, `canon.excluded./timestamp`. A parameter whose value
 * is a declared leaf is `claims.tls-min.declared.host at /server/host`, which no constant can be named.
 */
export function factsOf(declaration: Declaration): Facts {
  const facts = new Map<string, string>();
  // Openings are the proofs of what the claims show.
  flatten('', { ...declaration, claims: declaration.claims.map(shownClaim), openings: undefined }, facts);
  facts.delete('supersedes');
  return facts;
}

/** The facts of one claim. */
function factsOfClaim(claim: Claim): Facts {
  const facts = new Map<string, string>();
  flatten('', shownClaim(claim), facts);
  return facts;
}

/** A claim whose declared parameters stand apart from its constants, each under its name and path. */
function shownClaim({ params, declared, ...rest }: Claim): object {
  const constants = new Map(
    Array.from(params ?? [], ([name, value]) => [name, parameterText(value)] as const).filter(
      ([name]) => declared?.has(name) !== true,
    ),
  );
  if (declared === undefined) return { ...rest, params: constants };
  const named = [...declared].map(([name, path]) => {
    const value = params?.get(name);
    return [`${name} at ${path}`, value === undefined ? '' : parameterText(value)] as const;
  });
  return { ...rest, params: constants, declared: new Map(named) };
}

/** All facts of a claim as one text; undefined if no claim has the id. */
export function claimText({ claims }: Declaration, id: string): string | undefined {
  const claim = claims.find((each) => each.id === id);
  if (claim === undefined) return undefined;
  const facts = [...factsOfClaim(claim)].map(([name, text]) => `${name}=${text}`);
  return facts.toSorted().join('\n');
}

/** The text of a claim with this id, of a leaf with this path, or of a fact with this name; undefined if there is none. */
export function textNamed(declaration: Declaration, name: string, leaves?: Facts): string | undefined {
  return claimText(declaration, name) ?? leaves?.get(name) ?? factsOf(declaration).get(name);
}

/** `+ name = text`, `- name = text`, `~ name: old → new`. */
export interface Change {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The differences of two declarations, by name. */
export function changesOf(before: Facts, after: Facts): readonly Change[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((name) => ({ name, before: before.get(name), after: after.get(name) }))
    .filter((each) => each.before !== each.after)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function flatten(at: string, value: unknown, facts: Map<string, string>): void {
  if (value instanceof Uint8Array) facts.set(at, bytesText(value));
  else if (value instanceof Map)
    for (const [name, each] of value) flatten(under(at, String(name)), each, facts);
  else if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) flatten(under(at, nameOf(each) ?? String(i)), each, facts);
  } else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) flatten(under(at, name), each, facts);
  else if (typeof value === 'string') facts.set(at, value);
  else if (typeof value === 'number' || typeof value === 'boolean') facts.set(at, `${value}`);
}

/** Hex of digests; for longer bytes, such as a certificate, their digest and length. */
function bytesText(bytes: Uint8Array): string {
  if (bytes.length <= 64) return formatHex(bytes);
  return `SHA-256 ${formatHex(sha256(bytes))} (${bytes.length} bytes)`;
}

/** The name of a member of a list, used because its position changes when another member is added. */
function nameOf(member: unknown): string | undefined {
  if (typeof member === 'string') return member;
  if (typeof member !== 'object' || member === null) return undefined;
  const [framework, id, path, at] = ['framework', 'id', 'path', 'at'].map((name): unknown =>
    Reflect.get(member, name),
  );
  if (typeof path === 'string') return path;
  if (typeof at === 'string') return at;
  if (typeof id !== 'string') return undefined;
  return typeof framework === 'string' ? `${framework}:${id}` : id;
}

function under(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}
