/**
 * Terraform's `show -json` of a plan or of a state (HashiCorp, "JSON Output Format"): a leaf for every attribute of
 * every managed resource and of every output, `/<address>/<attribute>…`, the same for both, so that the state after
 * an apply can be held against the plan before it.
 *
 * Two plans of the same configuration differ in `/timestamp` alone: it is excluded. What is known only after the
 * apply is declared as unknown. Sensitive values are marked by the provider; other secrets are refused (secret.ts).
 */
import { printable } from '../bytes/printable.ts';
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
  ['relevant_attributes', 'what was before is not what is declared'],
  ['action_invocations', 'what an apply runs is no attribute of a resource'],
  ['action_invocation_changes', 'what an apply runs is no attribute of a resource'],
  ['deferred_action_invocations', 'what a later apply runs is no attribute of a resource'],
  ['checks', 'what was checked is a result, and not declared'],
];

/** What is read, or says nothing by itself. */
const READ: ReadonlySet<string> = new Set([
  'format_version',
  'terraform_version',
  'resource_changes',
  'planned_values',
  'output_changes',
  'values',
  'deferred_changes',
  'applyable',
  'complete',
  'errored',
]);

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
  const isPlan = document.has('resource_changes') || document.has('planned_values');
  if (isPlan) assertPlansSomething(document);
  const known = new Map(LEFT_OUT);
  const leftOut = new Map(
    [...document.keys()]
      .filter((name) => !READ.has(name))
      .map((name) => [`/${name}`, known.get(name) ?? 'not known to this version of tallystick']),
  );
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
  return [...all.slice(0, MAX_NAMED), { path: '/resources', reason: `${more} more that are not named` }];
}

/** Modes of resources that declare nothing, and why. */
const NOT_MANAGED: ReadonlyMap<Tree | undefined, string> = new Map([
  ['data', 'a data source: read by Terraform, not set by it'],
  ['ephemeral', 'an ephemeral resource: it is kept in no plan and no state'],
]);

/** Why a resource of a mode is left out; undefined of managed ones. */
function whyUnmanaged(mode: Tree | undefined): string | undefined {
  if (mode === 'managed') return undefined;
  return NOT_MANAGED.get(mode) ?? 'no managed resource';
}

/** A plan of `-refresh-only`, or of less than everything, says nothing of the resources that it does not change. */
function assertPlansSomething(plan: TreeMap): void {
  const planned = mapAt(mapAt(mapAt(plan, 'prior_state'), 'values'), 'root_module');
  const hasBefore = listAt(planned, 'resources').length + listAt(planned, 'child_modules').length > 0;
  if (hasBefore && listAt(plan, 'resource_changes').length === 0)
    throw refuse(
      'malformed-payload',
      'this plan says nothing of the resources there are, as one of -refresh-only does; make one without it, or ' +
        'declare the state: `terraform show -json`',
    );
}

/** The address of a resource as a path. */
function pathOf(resource: TreeMap): string {
  const address = textAt(resource, 'address');
  if (address !== 'output') return below('', address);
  throw refuse('malformed-payload', 'a resource has the address output; was this written by Terraform?');
}

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
    const at = pathOf(change);
    const unmanaged = whyUnmanaged(change.get('mode'));
    if (unmanaged !== undefined) {
      leftOut.set(at, unmanaged);
      continue;
    }
    const {
      actions,
      after,
      after_unknown: unknown,
      after_sensitive: sensitive,
    } = Object.fromEntries(mapAt(change, 'change'));
    if (after === undefined || after === null) {
      const gone = actions !== undefined && isTreeList(actions) ? actions : [];
      leftOut.set(at + deposedPart(change.get('deposed')), whyGone(gone));
      continue;
    }
    addAttributes(leaves, at, after, { sensitive: sensitive ?? false, unknown: unknown ?? false });
  }
  for (const deferred of listAt(plan, 'deferred_changes')) {
    if (!isTreeMap(deferred)) continue;
    const reason = deferred.get('reason');
    const why = typeof reason === 'string' ? ` (${printable(reason, 100)})` : '';
    leftOut.set(pathOf(mapAt(deferred, 'resource_change')), `deferred to a later plan${why}`);
  }
  if (plan.get('complete') === false && listAt(plan, 'deferred_changes').length === 0)
    leftOut.set('/complete', 'this plan is not complete: of some resources it says nothing');
  addOutputs(leaves, mapAt(mapAt(plan, 'planned_values'), 'outputs'));
}

function addState(leaves: Leaves, values: TreeMap, leftOut: LeftOut): void {
  const addModule = (module: TreeMap): void => {
    for (const resource of listAt(module, 'resources')) {
      if (!isTreeMap(resource)) continue;
      const at = pathOf(resource);
      const unmanaged = whyUnmanaged(resource.get('mode'));
      const deposed = deposedPart(resource.get('deposed_key'));
      if (unmanaged !== undefined || deposed !== '') {
        leftOut.set(at + deposed, unmanaged ?? DEPOSED);
        continue;
      }
      if (resource.get('tainted') === true) leftOut.set(`${at} tainted`, TAINTED);
      const sensitive = resource.get('sensitive_values') ?? false;
      addAttributes(leaves, at, resource.get('values') ?? new Map(), { sensitive, unknown: false });
    }
    for (const child of listAt(module, 'child_modules')) if (isTreeMap(child)) addModule(child);
  };
  addModule(mapAt(values, 'root_module'));
  addOutputs(leaves, mapAt(values, 'outputs'));
}

/** What waits for its deletion stands beside the resource that replaced it, under the same address. */
function deposedPart(key: Tree | undefined): string {
  return typeof key === 'string' && key !== '' ? ` deposed ${key}` : '';
}

const DEPOSED = 'deposed: another object replaced it, and it waits for its deletion';
const TAINTED = 'marked for replacement, which is no attribute of it';

/** What the provider says of values, in trees of the same shape: `true` where it holds for all below. */
interface Masks {
  readonly sensitive: Tree;
  readonly unknown: Tree;
}

/**
 * Values, those never to be shown marked. What is unknown has no value: it is left out of maps, and stands in lists as
 * null, so that both masks and values say what members there are.
 */
function addAttributes(leaves: Leaves, at: string, values: Tree | undefined, masks: Masks): void {
  const { sensitive, unknown } = masks;
  if (unknown === true) return leaves.addUnknown(at);
  if (values === undefined && !hasUnknown(unknown)) return;
  const hidden = (): boolean => sensitive === true;
  const into = (name: string, value: Tree | undefined): void =>
    addAttributes(leaves, below(at, name), value, {
      sensitive: childOf(sensitive, name),
      unknown: childOf(unknown, name),
    });
  // What has no value has the shape of what is unknown of it.
  const shape = values === undefined ? unknown : values;
  if (isTreeList(shape)) {
    const items = values !== undefined && isTreeList(values) ? values : [];
    const length = Math.max(items.length, isTreeList(unknown) && hasUnknown(unknown) ? unknown.length : 0);
    if (length === 0) return leaves.add(at, items, hidden);
    leaves.addList(at, length, sensitive === true);
    for (let i = 0; i < length; i++) into(String(i), items[i] ?? null);
  } else if (isTreeMap(shape) || (isTreeMap(unknown) && hasUnknown(unknown))) {
    const map: TreeMap = values !== undefined && isTreeMap(values) ? values : new Map();
    const names = new Set([...map.keys(), ...namesOfUnknown(unknown)]);
    if (names.size === 0) return leaves.add(at, map, hidden);
    for (const name of names) into(name, map.get(name));
  } else addScalar(leaves, at, values ?? null, hidden);
}

/** A policy document in a text is taken apart, and its text named as that: a map of the same members is no text. */
function addScalar(leaves: Leaves, at: string, value: Tree, hidden: () => boolean): void {
  const policy = typeof value === 'string' && !hidden() ? parsePolicyText(value) : undefined;
  if (policy !== undefined) leaves.addText(at, 'iam-policy');
  leaves.add(at, policy ?? value, hidden);
}

/** An empty list of unknowns, or one of nothing but `false`, is no unknown. */
function hasUnknown(unknown: Tree): boolean {
  if (isTreeMap(unknown)) return unknown.values().some(hasUnknown);
  return isTreeList(unknown) ? unknown.some(hasUnknown) : unknown === true;
}

function namesOfUnknown(unknown: Tree): readonly string[] {
  if (!isTreeMap(unknown)) return [];
  return [...unknown].filter(([, each]) => hasUnknown(each)).map(([name]) => name);
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
  if (mask === true) return true;
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
    'this is no plan or state in JSON, or an empty state: nothing was applied, or all was destroyed; write it with ' +
      '`terraform show -json <plan>`',
  );
}
