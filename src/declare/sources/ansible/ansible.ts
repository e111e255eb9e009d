/**
 * Files of Ansible as they are written: inventories in INI and YAML, `group_vars`, `host_vars`, requirements, and any other file in
 * YAML. A leaf is below the name of its file. Nothing is put together: no precedence of variables, no Jinja, no facts.
 */
import { printable } from '../../../bytes/printable.ts';
import { Refusal, refuse } from '../../../bytes/refusal.ts';
import { within } from '../../../bytes/within.ts';
import { parseJson } from '../../json.ts';
import {
  below,
  isTreeList,
  isTreeMap,
  isNumberText,
  Leaves,
  TypedMap,
  type Declarable,
  type Tree,
} from '../../leaf.ts';
import type { Source, SourceText } from '../source.ts';
import { parseInventory } from './inventory.ts';
import { isNumber, isPyList, parsePyYaml, PyMap, type PyTree } from './pyyaml.ts';
import { pythonFloat, Sealed, scalarOf, Timestamp } from './scalars.ts';

const VARS = /(?:^|\/)(?:group_vars|host_vars)\//;
const YAML = /\.(?:ya?ml|json)$/i;
/** Files that Ansible reads, below a folder that is named: without hidden ones, and copies that editors leave. */
const TOGETHER =
  /^(?!(?:.*\/)?[._]?(?:__pycache__|\.[^/]+)(?:\/|$))(?:.*\/)?(?:(?:group_vars|host_vars)\/(?:.*\/)?[^/]+(?<!~|\.(?:bak|orig|swp|retry|md|txt|rst|j2|sh|py|cfg))|[^/]+\.ya?ml|(?:hosts|inventory)(?:\.(?:ini|json))?|[^/]+\.ini|requirements\.json)$/;

/** Files of variables that are none of these: Ansible reads them where a host or a group has the very name. */
const BESIDES = /^(?!(?:.*\/)?\.)(?:.*\/)?(?:group_vars|host_vars)\/[^/]+$/;

/** The kind of source `ansible`. */
export const ANSIBLE_SOURCE: Source = {
  kind: 'ansible',
  together: TOGETHER,
  recursive: true,
  besides: BESIDES,
  declare: (texts, { besides }) => declareAnsible(texts, besides),
};

const STATIC =
  'files of Ansible are declared as they are written: what a host gets depends on precedence, Jinja and facts, which are not looked at';

/** Leaves of files of Ansible; `ansible@1`. */
export function declareAnsible(texts: readonly SourceText[], besides: readonly string[] = []): Declarable {
  const leaves = new Leaves();
  for (const { name, text } of texts) {
    const at = pathOf(name);
    within('same', printable(name), () => addTree(leaves, at, readAnsible(name, text)));
  }
  return {
    profile: 'ansible@1',
    leaves: leaves.all(),
    excluded: besides.map((name) => ({
      path: pathOf(name),
      reason: 'Ansible reads a file of this name where a host or a group has the same name, ending and all',
    })),
    source: { kind: 'ansible' },
    remarks: [STATIC],
  };
}

/** `group_vars/web.yml` as steps. */
function pathOf(name: string): string {
  const steps = name.split('/').filter((step) => step !== '.' && step !== '');
  if (steps.includes('..'))
    throw refuse(
      'usage',
      `${printable(name)} lies outside of this folder, and leaves are named after their files; run this where all of them are below`,
    );
  return steps.reduce(below, '');
}

/** What Ansible reads in a file. Refuses `malformed-text`. */
export function readAnsible(name: string, text: string): PyTree {
  if (text.startsWith('$ANSIBLE_VAULT;')) return new Sealed(text);
  if (/(?:^|\/)ansible\.cfg$/.test(name))
    throw refuse(
      'malformed-text',
      'ansible.cfg is no inventory; declare it as `tallystick commit ini`, or whole',
    );
  const isYaml = VARS.test(name) || YAML.test(name) || name === '-';
  if (!isYaml && text.startsWith('#!'))
    throw refuse(
      'malformed-text',
      'it is a program, which Ansible would run for its inventory; declare what it prints',
    );
  if (!isYaml) return parseInventory(text);
  return jsonOf(text) ?? parsePyYaml(text);
}

/** A text that is JSON is read as that first (ansible-core 2.19, parsing/utils/yaml.py); undefined for any other. */
function jsonOf(text: string): PyTree | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  let tree: Tree;
  try {
    tree = parseJson(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // Python reads these in JSON, and texts of these names in YAML.
    if (/(?<![\w"'])(?:NaN|-?Infinity)(?![\w"'])/.test(text))
      throw refuse(
        'malformed-text',
        'NaN and Infinity are numbers in JSON to Python, and nothing in JSON to others; write them as YAML',
      );
    return undefined;
  }
  return fromJson(tree);
}

function fromJson(tree: Tree): PyTree {
  if (isTreeMap(tree)) {
    const map = new PyMap();
    for (const [name, value] of tree) {
      if (name.startsWith('__ansible_'))
        throw refuse(
          'malformed-text',
          `Ansible makes something else of the member ${printable(name, 60)} of JSON; write it as YAML, with !vault or !unsafe`,
        );
      map.members.set(name, fromJson(value));
    }
    return map;
  }
  if (isTreeList(tree)) return tree.map(fromJson);
  if (!isNumberText(tree)) return tree;
  const { number } = tree;
  return /^-?[0-9]+$/.test(number) ? scalarOf(BigInt(number)) : { number: pythonFloat(Number(number)) };
}

function addTree(leaves: Leaves, at: string, tree: PyTree): void {
  if (tree instanceof Sealed) leaves.addSealed(at, tree.text);
  else if (tree instanceof Timestamp) leaves.addTimestamp(at, tree.iso);
  else if (tree instanceof PyMap) {
    const { members, typed } = tree;
    if (members.size === 0) leaves.add(at, new Map());
    if (typed.size > 0) leaves.addNames(at, typedMap(typed));
    for (const [name, value] of members) addTree(leaves, below(at, name), value);
  } else if (isPyList(tree)) {
    if (tree.length === 0) leaves.add(at, []);
    else leaves.addList(at, tree.length);
    for (const [i, item] of tree.entries()) addTree(leaves, below(at, String(i)), item);
  } else leaves.add(at, isNumber(tree) ? { number: tree.number } : tree);
}

function typedMap(names: ReadonlySet<string>): TypedMap {
  const map = new TypedMap();
  for (const name of names) map.typed.add(name);
  return map;
}
