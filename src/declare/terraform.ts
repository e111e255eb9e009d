/**
 * Terraform's `show -json` of a plan or of a state (HashiCorp, "JSON Output Format"): a leaf for every attribute of
 * every managed resource and of every output, `/<address>/<attribute>…`, the same for both, so that the state after
 * an apply can be held against the plan before it.
 *
 * Two plans of the same configuration differ in `/timestamp` alone: it is excluded. What is known only after the
 * apply is declared as unknown. Sensitive values are marked by the provider; other secrets are refused (secret.ts).
 */
import { refuse } from '../bytes/refusal.ts';
import { parseJson } from './json.ts';
import { parsePolicyText } from './iam.ts';
import {
  below,
  isTreeList,
  isTreeMap,
  Leaves,
  type Declarable,
  type Exclusion,
  type Tree,
  type TreeMap,
} from './leaf.ts';

/** What a plan has besides resources and outputs, and why that is not declared. */
const LEFT_OUT: readonly (readonly [name: string, reason: string])[] = [
  ['timestamp', 'differs from one plan to the next'],
  ['variables', 'what follows from them is in the resources; secrets are passed in by them'],
  ['configuration', 'what follows from it is in the resources'],
  ['prior_state', 'what was before is not what is declared'],
  ['resource_drift', 'what was before is not what is declared'],
];

/** Resources that are left out by name; a commitment names at most 512 exclusions. */
const MAX_NAMED = 500;

/** Leaves of a plan or a state; `terraform@1`. Refuses `malformed-text`, `malformed-payload`. */
export function declareTerraform(text: string): Declarable {
  const document = parseJson(text);
  if (!isTreeMap(document)) throw notTerraform();
  const format = document.get('format_version');
  const version = document.get('terraform_version');
  if (typeof format !== 'string' || typeof version !== 'string') throw notTerraform();
  // "Consumers should reject unknown major versions and ignore unknown minor ones."
  if (!/^[01]\./.test(format))
    throw refuse(
      'malformed-payload',
      `the format of this file is ${format}, and only 0.x and 1.x are known here`,
    );
  if (document.get('errored') === true)
    throw refuse('malformed-payload', 'the plan failed; make one that does not');
  const leaves = new Leaves();
  const leftOut = new Map(
    LEFT_OUT.filter(([name]) => document.has(name)).map(([name, reason]) => [`/${name}`, reason]),
  );
  const isPlan = document.has('resource_changes') || document.has('planned_values');
  if (isPlan) addPlan(leaves, document, leftOut);
  else addState(leaves, mapAt(document, 'values'), leftOut);
  return {
    profile: 'terraform@1',
    leaves: leaves.all(),
    excluded: exclusionsOf(leftOut),
    source: {
      kind: isPlan ? 'terraform-plan' : 'terraform-state',
      tool: 'terraform',
      toolVersion: version,
      versions: new Map([['format', format]]),
    },
  };
}

/** An exclusion is a claim: what is left out is named, path by path, with the reason. */
type LeftOut = Map<string, string>;

function exclusionsOf(leftOut: LeftOut): readonly Exclusion[] {
  const all = Array.from(leftOut, ([path, reason]): Exclusion => ({ path, reason }));
  const more = all.length - MAX_NAMED;
  if (more <= 0) return all;
  return [
    ...all.slice(0, MAX_NAMED),
    { path: '/resources', reason: `${more} more data sources or deletions` },
  ];
}

const NOT_MANAGED = 'a data source: read by Terraform, not set by it';

/** Why nothing of a resource is declared by its change. */
function whyGone(actions: readonly Tree[]): string {
  if (actions.includes('delete')) return 'this plan deletes it';
  return actions.includes('forget')
    ? 'this plan lets go of it: no longer managed'
    : 'nothing of it is planned';
}

function addPlan(leaves: Leaves, plan: TreeMap, leftOut: LeftOut): void {
  for (const change of listAt(plan, 'resource_changes')) {
    if (!isTreeMap(change)) continue;
    const at = below('', textAt(change, 'address'));
    if (change.get('mode') !== 'managed') {
      leftOut.set(at, NOT_MANAGED);
      continue;
    }
    const {
      after,
      after_unknown: unknown,
      after_sensitive: sensitive,
    } = Object.fromEntries(mapAt(change, 'change'));
    if (after === undefined || after === null) {
      // What waits for its deletion stands beside the resource that replaced it.
      const deposed = change.get('deposed');
      const part = typeof deposed === 'string' ? ` deposed ${deposed}` : '';
      leftOut.set(at + part, whyGone(listAt(mapAt(change, 'change'), 'actions')));
      continue;
    }
    addAttributes(leaves, at, after, { sensitive: sensitive ?? false, unknown: unknown ?? false });
    addUnknowns(leaves, at, unknown ?? false);
  }
  addOutputs(leaves, mapAt(mapAt(plan, 'planned_values'), 'outputs'));
}

function addState(leaves: Leaves, values: TreeMap, leftOut: LeftOut): void {
  const addModule = (module: TreeMap): void => {
    for (const resource of listAt(module, 'resources')) {
      if (!isTreeMap(resource)) continue;
      const at = below('', textAt(resource, 'address'));
      if (resource.get('mode') !== 'managed') {
        leftOut.set(at, NOT_MANAGED);
        continue;
      }
      const sensitive = resource.get('sensitive_values') ?? false;
      addAttributes(leaves, at, resource.get('values') ?? new Map(), { sensitive, unknown: false });
    }
    for (const child of listAt(module, 'child_modules')) if (isTreeMap(child)) addModule(child);
  };
  addModule(mapAt(values, 'root_module'));
  addOutputs(leaves, mapAt(values, 'outputs'));
}

/** What the provider says of values, in trees of the same shape: `true` where it holds for all below. */
interface Masks {
  readonly sensitive: Tree;
  readonly unknown: Tree;
}

/** Values, those never to be shown marked. What is unknown stands in lists as null, and is no value. */
function addAttributes(leaves: Leaves, at: string, values: Tree, { sensitive, unknown }: Masks): void {
  if (unknown === true) return;
  if (sensitive === true) return leaves.add(at, values, () => true);
  const into = (name: string, value: Tree): void =>
    addAttributes(leaves, below(at, name), value, {
      sensitive: childOf(sensitive, name),
      unknown: childOf(unknown, name),
    });
  if (isTreeMap(values) && values.size > 0) for (const [name, value] of values) into(name, value);
  else if (isTreeList(values) && values.length > 0)
    for (const [i, value] of values.entries()) into(String(i), value);
  else leaves.add(at, (typeof values === 'string' ? parsePolicyText(values) : undefined) ?? values);
}

/** What is true in `after_unknown` has no value in `after`. An empty list of unknowns is no unknown. */
function addUnknowns(leaves: Leaves, at: string, unknown: Tree): void {
  if (unknown === true && !leaves.has(at)) leaves.addUnknown(at);
  if (isTreeMap(unknown)) for (const [name, child] of unknown) addUnknowns(leaves, below(at, name), child);
  if (isTreeList(unknown))
    for (const [i, child] of unknown.entries()) addUnknowns(leaves, below(at, String(i)), child);
}

function addOutputs(leaves: Leaves, outputs: TreeMap): void {
  for (const [name, output] of outputs) {
    if (!isTreeMap(output)) continue;
    const at = below('/output', name);
    const value = output.get('value');
    if (value === undefined) leaves.addUnknown(at);
    else leaves.add(at, value, () => output.get('sensitive') === true);
  }
}

function childOf(mask: Tree, name: string): Tree {
  if (isTreeMap(mask)) return mask.get(name) ?? false;
  return isTreeList(mask) ? (mask[Number(name)] ?? false) : false;
}

function mapAt(map: TreeMap, name: string): TreeMap {
  const value = map.get(name);
  return value !== undefined && isTreeMap(value) ? value : new Map();
}

function listAt(map: TreeMap, name: string): readonly Tree[] {
  const value = map.get(name);
  return value !== undefined && isTreeList(value) ? value : [];
}

function textAt(map: TreeMap, name: string): string {
  const value = map.get(name);
  if (typeof value === 'string') return value;
  throw refuse(
    'malformed-payload',
    `a resource has no ${name}; was this written by \`terraform show -json\`?`,
  );
}

function notTerraform(): Error {
  return refuse(
    'malformed-payload',
    'this is no plan or state in JSON; write it with `terraform show -json <plan>`',
  );
}
