/** Who wrote a field of an object: the manager that `metadata.managedFields` names. A manager names itself, so it is a hint. */
import { unescaped } from '../../claim/value.ts';
import { parseJson } from '../../bytes/json.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { nameOrWithheld } from '../harmless.ts';
import { isTreeMap } from '../../declare/leaf.ts';
import { mapAt, textAt, type Tree, type TreeMap } from '../tree.ts';

/** Most characters of a name. */
const MAX_NAME = 64;
/** Most managers, most items of one list, and most characters of an item's key, that are looked at: the rest is unnamed. */
const MAX_MANAGERS = 50;
const MAX_ITEMS = 200;
const MAX_KEY = 300;

/** The newest manager of what is deepest on the way to a path; of the object, without one. Names that may hold secrets are withheld. */
export function managersOf(entries: readonly TreeMap[], path = ''): string {
  const steps = path.split('/').slice(1).map(unescaped);
  let best = { depth: -1, time: '', name: '' };
  for (const entry of entries.slice(0, MAX_MANAGERS)) {
    if (textAt(entry, 'subresource') === 'status') continue;
    const depth = depthOf(mapAt(entry, 'fieldsV1'), steps);
    const time = textAt(entry, 'time') ?? '';
    if (depth > best.depth || (depth === best.depth && time > best.time))
      best = { depth, time, name: textAt(entry, 'manager') ?? '' };
  }
  return best.name === '' ? 'unnamed' : nameOrWithheld(best.name, MAX_NAME);
}

/** How many steps of the way to a field are in a set of fields. */
function depthOf(fields: Tree | undefined, steps: readonly string[]): number {
  let at = fields;
  for (const [depth, step] of steps.entries()) {
    const next = at !== undefined && isTreeMap(at) ? memberOf(at, step) : undefined;
    if (next === undefined) return depth;
    at = next;
  }
  return steps.length;
}

/** A field is `f:name`; an item of a list `k:{"name":"web"}`, `v:"value"` or `i:0`. */
function memberOf(fields: TreeMap, step: string): Tree | undefined {
  const field = fields.get(`f:${step}`);
  if (field !== undefined) return field;
  let looked = 0;
  for (const [name, value] of fields) {
    if (!name.startsWith('k:') || name.length > MAX_KEY) continue;
    if (isItem(name.slice(2), step)) return value;
    if (++looked >= MAX_ITEMS) return undefined;
  }
  return undefined;
}

/** Whether a key of an item names the one that a step does: `name=web`, `containerPort=80,protocol=TCP`. */
function isItem(key: string, step: string): boolean {
  let keys: Tree;
  try {
    keys = parseJson(key, { most: 2, advice: '' });
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
  if (!isTreeMap(keys) || keys.size === 0) return false;
  const parts = new Set(step.split(','));
  return [...keys].every(
    ([name, value]) =>
      (typeof value === 'string' || typeof value === 'number') && parts.has(`${name}=${value}`),
  );
}
