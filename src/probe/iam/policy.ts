/**
 * Reads the policy by which calls are judged: documents of the IAM policy language, from the committed leaves or from a
 * parameter of the claim. The commitment covers both. An element of the language that is not known here is refused, so that no
 * part of a policy is ignored.
 */
import { createHash } from 'node:crypto';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import type { Value } from '../../claim/value.ts';
import { canonicalPolicy } from '../../declare/iam.ts';
import { parseJson } from '../../declare/json.ts';
import { treeOfLeaves } from '../../declare/tree.ts';
import { isNumberText, isTreeList, isTreeMap, type Tree, type TreeMap } from '../../declare/leaf.ts';
import { isUnknown, sensitiveDigest } from '../declared.ts';

/** What matches one of the patterns; with `not`, what matches none of them. */
export interface Patterns {
  readonly not: boolean;
  readonly any: readonly string[];
}

export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  /** For people: its Sid, or its number from 1. */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Patterns;
  readonly resources: Patterns;
  readonly conditions: readonly Condition[];
  /** Whether `${…}` in it is a variable: only in language version 2012-10-17. */
  readonly variables: boolean;
}

export interface Policy {
  readonly statements: readonly Statement[];
  /** Hex SHA-256 of the documents' canonical JSON: names in order, sets sorted. */
  readonly sha256: string;
  /** Number of declared leaves that it was read from. */
  readonly leaves: number;
}

const MAX_STATEMENTS = 500;
const DOCUMENT = new Set(['Version', 'Id', 'Statement']);
const MEMBERS = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

/** Reads the policy from a text. Refuses `config-invalid`. */
export function policyOfText(text: string): Policy {
  return policyOf([documentOf(text)], 0);
}

/**
 * Reads the policy from declared leaves: the documents at `places` (JSON Pointers), or the only one there is. A document with
 * a Principal says who may use a resource, so it is passed over unless `places` names it. Refuses `config-invalid`.
 */
export function policyOfLeaves(
  declared: ReadonlyMap<string, Value>,
  places: readonly string[] | undefined,
): Policy {
  const found = (places ?? placesIn(declared)).map((at) => ({ at, ...treeAt(declared, at) }));
  const identity = places === undefined ? found.filter(({ tree }) => !hasPrincipal(tree)) : found;
  if (identity.length === 0 || (places === undefined && identity.length > 1)) {
    const which = identity.slice(0, 5).map(({ at }) => printable(at === '' ? '/' : at, 100));
    throw invalid(
      identity.length === 0
        ? 'there is no policy document among the declared leaves; commit to one, or give one as the parameter policy'
        : `there are several policy documents (${which.join(', ')}); name yours with the parameter policyAt`,
    );
  }
  return policyOf(
    identity.map(({ tree }) => tree),
    identity.reduce((sum, { leaves }) => sum + leaves, 0),
  );
}

function policyOf(documents: readonly Tree[], leaves: number): Policy {
  const canonical = documents.map((each) => canonicalPolicy(mapOf(each, 'the policy')));
  const statements = canonical.flatMap(statementsOf);
  if (statements.length === 0 || statements.length > MAX_STATEMENTS)
    throw invalid(`the policy has ${statements.length} statements; it needs 1 to ${MAX_STATEMENTS}`);
  const text = canonical.map(canonicalText).join('\n');
  return { statements, leaves, sha256: createHash('sha256').update(text).digest('hex') };
}

function statementsOf(document: TreeMap): readonly Statement[] {
  const unknown = [...document.keys()].find((name) => !DOCUMENT.has(name));
  if (unknown !== undefined)
    throw invalid(`the policy has ${printable(unknown, 50)}, which is not known here`);
  const version = document.get('Version') ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17')
    throw invalid('the policy has an unknown Version; it is 2012-10-17 or 2008-10-17');
  const list = document.get('Statement') ?? [];
  return (isTreeList(list) ? list : [list]).map((each, i) =>
    statementOf(mapOf(each, 'a statement'), String(i + 1), version === '2012-10-17'),
  );
}

function statementOf(members: TreeMap, number: string, variables: boolean): Statement {
  const unknown = [...members.keys()].find((name) => !MEMBERS.has(name));
  if (unknown !== undefined)
    throw invalid(
      `statement ${number} of the policy has ${printable(unknown, 50)}, which no identity policy has`,
    );
  const effect = members.get('Effect');
  if (effect !== 'Allow' && effect !== 'Deny')
    throw invalid(`statement ${number} has no Effect Allow or Deny`);
  const sid = members.get('Sid');
  return {
    name: typeof sid === 'string' && sid !== '' ? printable(sid, 100) : number,
    effect,
    actions: patternsOf(members, 'Action', number),
    resources: patternsOf(members, 'Resource', number),
    conditions: conditionsOf(members.get('Condition')),
    variables,
  };
}

function patternsOf(members: TreeMap, name: 'Action' | 'Resource', number: string): Patterns {
  const not = members.has(`Not${name}`);
  if (not === members.has(name)) throw invalid(`statement ${number} needs either ${name} or Not${name}`);
  return { not, any: textsOf(members.get(not ? `Not${name}` : name), name) };
}

function conditionsOf(block: Tree | undefined): readonly Condition[] {
  if (block === undefined) return [];
  return Array.from(mapOf(block, 'Condition'), ([operator, keys]) =>
    Array.from(mapOf(keys, 'a condition'), ([key, values]) => ({
      operator,
      key,
      values: textsOf(values, 'a condition'),
    })),
  ).flat();
}

/** The texts of a list or single value. Booleans and numbers, which conditions may have, become texts. */
function textsOf(value: Tree | undefined, what: string): readonly string[] {
  const items = value === undefined ? [] : isTreeList(value) ? value : [value];
  const texts = items.map((item) => {
    if (isNumberText(item)) return item.number;
    if (typeof item === 'string' || typeof item === 'boolean' || typeof item === 'number')
      return String(item);
    throw invalid(`${what} in the policy holds a value that is no text`);
  });
  if (texts.length === 0) throw invalid(`${what} in the policy is empty`);
  return texts;
}

function documentOf(text: string): Tree {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw invalid(`the policy is no JSON: ${error.message}`);
  }
}

/** Paths of all policy documents: maps with a Statement, and texts that contain such a map. */
function placesIn(declared: ReadonlyMap<string, Value>): readonly string[] {
  const places = new Set<string>();
  for (const [path, value] of declared) {
    const at = path.search(/\/Statement(?:\/|$)/);
    if (at >= 0) places.add(path.slice(0, at));
    else if (typeof value === 'string' && /^\s*\{[^]*"Statement"/.test(value)) places.add(path);
  }
  return [...places];
}

/** The tree of the leaves at and below a path. */
function treeAt(
  declared: ReadonlyMap<string, Value>,
  at: string,
): { readonly tree: Tree; readonly leaves: number } {
  const here = declared.get(at);
  if (typeof here === 'string') return { tree: documentOf(here), leaves: 1 };
  const found = treeOfLeaves(declared, at, (path, value) => notShown(path, value));
  if (found === undefined)
    throw invalid(`nothing is declared at ${printable(at, 200)}; see the parameter policyAt`);
  return found;
}

/** Refuses a leaf that is sensitive or not known yet, since the policy cannot be evaluated without its value. */
function notShown(path: string, value: Value): undefined {
  if (isUnknown(value) || sensitiveDigest(value) !== undefined)
    throw invalid(
      `${printable(path, 200)} of the policy is sensitive, or not known before the apply, so no call can be judged by it`,
    );
}

function hasPrincipal(tree: Tree): boolean {
  const list = isTreeMap(tree) ? (tree.get('Statement') ?? []) : [];
  return (isTreeList(list) ? list : [list]).some(
    (each) => isTreeMap(each) && (each.has('Principal') || each.has('NotPrincipal')),
  );
}

function mapOf(tree: Tree, what: string): TreeMap {
  if (isTreeMap(tree)) return tree;
  throw invalid(`${what} is no JSON object`);
}

function canonicalText(tree: Tree): string {
  if (isTreeList(tree)) return `[${tree.map(canonicalText).join(',')}]`;
  if (isNumberText(tree)) return tree.number;
  if (!isTreeMap(tree)) return JSON.stringify(tree);
  const members = [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonicalText(each)}`).join(',')}}`;
}

function invalid(why: string): Refusal {
  return refuse('config-invalid', why);
}
