/**
 * Terraform's `show -json` of a plan or of a state (HashiCorp, "JSON Output Format"): a leaf for every attribute of every
 * managed resource and of every output, `/<address>/<attribute>…`. Plan and state have the same paths, so that the state
 * after an apply can be compared with the plan before it.
 *
 * Two plans of the same configuration differ only in `/timestamp`, which is excluded. Values that are known only after the
 * apply are declared as unknown. The provider marks sensitive values; other secrets are refused (secret.ts).
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { parseJson } from '../../json.ts';
import { parsePolicyText } from '../../iam.ts';
import {
  below,
  isTreeList,
  isTreeMap,
  Leaves,
  type Declarable,
  type Tree,
  type TreeMap,
} from '../../leaf.ts';
import { DEPOSED, exclusionsOf, LEFT_OUT, TAINTED, whyGone, whyUnmanaged, type LeftOut } from './left-out.ts';
import type { Source } from '../source.ts';

/** Members that are read, or that declare nothing by themselves. All others are listed as left out. */
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

/** The kind of source `terraform`. */
export const TERRAFORM_SOURCE: Source = {
  kind: 'terraform',
  declare: ([file]) => declareTerraform(file?.text ?? ''),
};

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

/** A plan of `-refresh-only`, or of less than everything, says nothing of the resources that it does not change. */
function assertPlansSomething(plan: TreeMap): void {
  const planned = mapAt(mapAt(mapAt(plan, 'prior_state'), 'values'), 'root_module');
  const after = mapAt(mapAt(plan, 'planned_values'), 'root_module');
  const has = (module: TreeMap): boolean =>
    mapsAt(module, 'resources').length + mapsAt(module, 'child_modules').length > 0;
  if ((has(planned) || has(after)) && mapsAt(plan, 'resource_changes').length === 0)
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

function addPlan(leaves: Leaves, plan: TreeMap, leftOut: LeftOut): void {
  for (const change of mapsAt(plan, 'resource_changes')) {
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
  for (const deferred of mapsAt(plan, 'deferred_changes')) {
    const reason = deferred.get('reason');
    const why = typeof reason === 'string' ? ` (${printable(reason, 100)})` : '';
    leftOut.set(pathOf(mapAt(deferred, 'resource_change')), `deferred to a later plan${why}`);
  }
  if (plan.get('complete') === false && mapsAt(plan, 'deferred_changes').length === 0)
    leftOut.set('/complete', 'this plan is not complete: of some resources it says nothing');
  addOutputs(leaves, mapAt(mapAt(plan, 'planned_values'), 'outputs'));
}

function addState(leaves: Leaves, values: TreeMap, leftOut: LeftOut): void {
  const addModule = (module: TreeMap): void => {
    for (const resource of mapsAt(module, 'resources')) {
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
    mapsAt(module, 'child_modules').forEach(addModule);
  };
  addModule(mapAt(values, 'root_module'));
  addOutputs(leaves, mapAt(values, 'outputs'));
}

/** Part of the path of a deposed object, which waits for its deletion under the address of the one that replaced it. */
function deposedPart(key: Tree | undefined): string {
  return typeof key === 'string' && key !== '' ? ` deposed ${key}` : '';
}

/** The provider's marks on values, in trees of the same shape: `true` marks everything below. */
interface Masks {
  readonly sensitive: Tree;
  readonly unknown: Tree;
}

/**
 * Adds the leaves of values, the sensitive ones marked. Terraform leaves unknown values out of maps and writes null for them
 * in lists. So the members are those of the values and those of the mask of unknowns together.
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
  // Without a value, the mask of unknowns shows the shape.
  const shape = values === undefined ? unknown : values;
  if (values !== undefined && values !== null && hasUnknown(unknown) && !isAlike(values, unknown))
    throw misshapen(`what is unknown of ${printable(at, 200)} is not of its shape`);
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

/**
 * A text that AWS reads as a policy document is declared as its tree, with a leaf that says it was a text, so that it differs
 * from a map of the same members. In any other text, such as the contents of a file, every blank counts.
 */
function addScalar(leaves: Leaves, at: string, value: Tree, hidden: () => boolean): void {
  const isPolicy = typeof value === 'string' && !hidden() && isPlaceOfPolicy(at);
  const policy = isPolicy ? parsePolicyText(value) : undefined;
  if (policy !== undefined) leaves.addText(at, 'iam-policy');
  leaves.add(at, policy ?? value, hidden);
}

/** `aws_iam_role.x/assume_role_policy`, `aws_organizations_policy.x/content`. */
function isPlaceOfPolicy(at: string): boolean {
  const [, address = '', ...steps] = at.split('/');
  return (
    steps.some((step) => /polic(?:y|ies)/i.test(step)) ||
    [...address.matchAll(/(?:^|\.)(aws_\w*)(?=\.)/g)].some(([, type = '']) => /polic(?:y|ies)/.test(type))
  );
}

function isAlike(a: Tree, b: Tree): boolean {
  return (isTreeMap(a) && isTreeMap(b)) || (isTreeList(a) && isTreeList(b));
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
    if (!isTreeMap(output)) throw misshapen(`the output ${printable(name, 100)} is no object`);
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

/** The map under a name; empty if there is none. Refuses another value: read as an empty map, two plans would be equal. */
function mapAt(map: TreeMap, name: string): TreeMap {
  const value = map.get(name) ?? new Map<string, Tree>();
  if (isTreeMap(value)) return value;
  throw misshapen(`${name} is no object`);
}

function mapsAt(map: TreeMap, name: string): readonly TreeMap[] {
  const value = map.get(name) ?? [];
  if (isTreeList(value) && value.every(isTreeMap)) return value;
  throw misshapen(`${name} is no list of objects`);
}

function misshapen(what: string): Error {
  return refuse('malformed-payload', `${what}; was this written by \`terraform show -json\`?`);
}

function textAt(map: TreeMap, name: string): string {
  const value = map.get(name);
  if (typeof value === 'string') return value;
  throw misshapen(`a resource has no ${name}`);
}

function notTerraform(): Error {
  return refuse(
    'malformed-payload',
    'this is no plan or state in JSON, or an empty state: nothing was applied, or all was destroyed; write it with ' +
      '`terraform show -json <plan>`',
  );
}
