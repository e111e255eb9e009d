/**
 * A Helm chart as it was rendered: the objects of the release as `kubernetes` declares them, what they were rendered from below
 * `/chart`, `/helm`, `/release` and `/values`, and hooks below `/hooks`, since helm makes and removes them by itself. The texts are
 * what declare/node/helm.ts makes: facts in JSON, two renderings, then the user's files of values.
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { encodeUtf8, formatBase64, parseBase64 } from '../../../bytes/text.ts';
import { parseJson } from '../../json.ts';
import {
  below,
  isTreeList,
  isTreeMap,
  Leaves,
  type Declarable,
  type DeclaredLeaf,
  type Exclusion,
  type Tree,
  type TreeMap,
  type Unmarked,
} from '../../leaf.ts';
import { textOfBase64 } from '../../secret-base64.ts';
import { looksSecret } from '../../secret.ts';
import { parseManifests, parseRendered } from '../../yaml.ts';
import { IGNORED, leavesOfObject, manifestObjects } from '../kubernetes/kubernetes.ts';
import { HOOKS, isHook } from '../kubernetes/steps.ts';
import type { Source, SourceText } from '../source.ts';

/** Names of the texts. Those after them are files of values, in the order of the flags. */
const [FACTS, FIRST, SECOND] = ['facts', 'first rendering', 'second rendering'];

/** Which of the texts is a rendering. */
export const RENDERING = 1;

/** The texts of one chart. `facts`: JSON whose members become leaves. `allowed`: paths of leaves that may differ. */
export function helmTexts(
  facts: object,
  renderings: readonly [string, string],
  values: readonly SourceText[],
): readonly SourceText[] {
  const [first, second] = renderings;
  return [
    { name: FACTS, text: JSON.stringify(facts) },
    { name: FIRST, text: first },
    { name: SECOND, text: second },
    ...values,
  ];
}

/** Objects that a release has for as long as it is installed: without hooks. */
export function installedObjects(rendering: string): readonly TreeMap[] {
  return manifestObjects([rendering], parseRendered).filter((object) => !isHook(object));
}

interface Rendered {
  readonly leaves: ReadonlyMap<string, DeclaredLeaf>;
  readonly hooks: number;
  readonly crds: number;
}

/** Leaves of a rendered chart; `helm@1`. */
export function declareHelm(
  texts: readonly SourceText[],
  ignored: readonly Exclusion[] = IGNORED,
): Declarable {
  const [facts, first, second, ...files] = texts.map(({ text }) => text);
  if (facts === undefined || first === undefined || second === undefined)
    throw new Error('texts are missing');
  const { allowed, ...told } = factsIn(facts);
  const leaves = new Leaves();
  leaves.add('', told.tree);
  const rendered = renderedIn(first, ignored);
  for (const leaf of steadyLeaves(rendered, renderedIn(second, ignored), allowed)) leaves.put(leaf);
  const values = mergedValues(files);
  const secrets = secretsIn(rendered.leaves.values());
  // What a Secret of the release holds is a secret in the values, too.
  if (values.size > 0)
    leaves.add('/values', values, (path) => secrets.has(textAt(values, path.slice('/values'.length))));
  const all = leaves.all();
  return {
    profile: 'helm@1',
    leaves: all,
    excluded: ignored,
    source: { kind: 'helm', tool: 'helm', toolVersion: told.version },
    remarks: remarksOn(rendered),
    suspects: suspectsIn(all, secrets),
  };
}

/** The kind of source `helm`. */
export const HELM_SOURCE: Source = {
  kind: 'helm',
  declare: (texts, { ignore }) => declareHelm(texts, [...IGNORED, ...ignore]),
};

/** The facts as a tree; paths of leaves that may differ are no part of it. */
function factsIn(text: string): {
  readonly tree: TreeMap;
  readonly version: string;
  readonly allowed: readonly string[];
} {
  const facts = parseJson(text);
  if (!isTreeMap(facts)) throw new Error('facts are a map');
  const helm = facts.get('helm') ?? null;
  const version = isTreeMap(helm) ? helm.get('version') : undefined;
  if (typeof version !== 'string') throw new Error('facts name a version');
  const given = facts.get('allowed');
  const allowed = Array.isArray(given) ? given.filter((each) => typeof each === 'string') : [];
  return { tree: new Map([...facts].filter(([name]) => name !== 'allowed')), version, allowed };
}

function renderedIn(text: string, ignored: readonly Exclusion[]): Rendered {
  const found = new Map<string, DeclaredLeaf>();
  let [hooks, crds] = [0, 0];
  for (const object of manifestObjects([text], parseRendered)) {
    const isApart = isHook(object);
    if (isApart) hooks += 1;
    if (object.get('kind') === 'CustomResourceDefinition') crds += 1;
    for (const leaf of leavesOfObject(object, ignored).leaves) {
      const path = isApart ? `/${HOOKS}${leaf.path}` : leaf.path;
      if (found.has(path))
        throw refuse(
          'malformed-payload',
          `the chart renders ${printable(path)} twice; the later one would hide the earlier`,
        );
      found.set(path, { ...leaf, path });
    }
  }
  return { leaves: found, hooks, crds };
}

/** The leaves of two renderings. Refuses what differs between them, unless it may: then it is declared as unknown. */
function steadyLeaves(
  { leaves: first }: Rendered,
  { leaves: second }: Rendered,
  allowed: readonly string[],
): readonly DeclaredLeaf[] {
  const unknown = new Leaves();
  const steady: DeclaredLeaf[] = [];
  for (const path of new Set([...first.keys(), ...second.keys()])) {
    const [one, other] = [first.get(path), second.get(path)];
    if (one !== undefined && other !== undefined && isSame(one.value, other.value)) steady.push(one);
    else if (allowed.some((each) => path === each || path.startsWith(`${each}/`))) unknown.addUnknown(path);
    else
      throw refuse(
        'malformed-payload',
        `helm renders ${printable(path)} anew each time, so that no live object is as declared; give the chart the value that is meant, ` +
          'or allow that path: its value is then not declared',
        { remedy: { allowNondeterministic: path } },
      );
  }
  return [...steady, ...unknown.all()];
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The user's values as helm merges them: maps member by member, anything else by the last file (pkg/cli/values of helm v3.19). */
export function mergedValues(files: readonly string[]): TreeMap {
  return files.reduce((sum: TreeMap, text, i) => {
    const [map = null, ...more] = parseManifests(text);
    if (map === null) return sum;
    if (!isTreeMap(map) || more.length > 0)
      throw refuse('malformed-payload', `file ${i + 1} of values is not one map of names and values`);
    return merged(sum, map);
  }, new Map());
}

function merged(under: TreeMap, over: TreeMap): TreeMap {
  const sum = new Map(under);
  for (const [name, value] of over) {
    const before = sum.get(name);
    sum.set(
      name,
      before !== undefined && isTreeMap(before) && isTreeMap(value) ? merged(before, value) : value,
    );
  }
  return sum;
}

/** The text or number at a path of a tree. */
function textAt(tree: Tree, path: string): string {
  let at: Tree | undefined = tree;
  for (const step of path.split('/').slice(1)) {
    if (at === undefined) return '';
    if (isTreeMap(at)) at = [...at].find(([name]) => below('', name) === `/${step}`)?.[1];
    else at = isTreeList(at) ? at[Number(step)] : undefined;
  }
  return typeof at === 'string' || typeof at === 'number' ? String(at) : '';
}

/** What Secrets of the release hold, in the plain: what the detector sees of it. A user's name or a port is none. */
function secretsIn(leaves: Iterable<DeclaredLeaf>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { path, text } of leaves) {
    const [, member, key = ''] =
      /^(?:\/hooks)?\/v1\/Secret\/[^/]*\/[^/]+\/(data|stringData)\/([^/]+)$/.exec(path) ?? [];
    if (member === undefined || text === undefined) continue;
    const plain = member === 'data' ? decoded(text) : text;
    if (plain.length >= SHORTEST && looksSecret(`/${key}`, new Map([[`/${key}`, plain]])) !== undefined)
      found.add(plain);
  }
  return found;
}

const SHORTEST = 6;

function decoded(text: string): string {
  const plain = textOfBase64(text);
  if (plain !== undefined) return plain;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(parseBase64(text.replaceAll(/\s/g, '')));
  } catch {
    return '';
  }
}

/** Leaves that show what a Secret holds, where nothing else gives it away. */
function suspectsIn(leaves: readonly DeclaredLeaf[], secrets: ReadonlySet<string>): readonly Unmarked[] {
  const forms = [...secrets].flatMap((each) => [each, formatBase64(encodeUtf8(each))]);
  return leaves.flatMap(({ path, sensitive, text = '' }): Unmarked[] => {
    if (sensitive || text === '') return [];
    const isShown = forms.some((each) => text === each || (each.length >= LONG && text.includes(each)));
    return isShown ? [{ path, why: 'what a Secret of this chart holds' }] : [];
  });
}

/** From here on a secret is found within a text, too. */
const LONG = 8;

function remarksOn({ hooks, crds }: Rendered): readonly string[] {
  return [
    ...(hooks > 0
      ? [
          `${hooks} hooks and tests of helm are declared below /${HOOKS}: helm makes and removes them by itself, so they may be there or not`,
        ]
      : []),
    ...(crds > 0
      ? [
          `${crds} CustomResourceDefinitions are declared; helm installs those of the folder crds once and never changes them, so after an upgrade of the chart apply them by hand`,
        ]
      : []),
  ];
}
