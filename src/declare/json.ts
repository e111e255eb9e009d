/** `json@1`: a JSON text as leaves, read as bytes/json.ts reads. */
import { parseJson as readJson } from '../bytes/json.ts';
import { Leaves, type Declarable, type Tree } from './leaf.ts';

/** Nobody nests deeper by hand, and deeper nesting could exhaust the stack. Deeper files can only be declared whole. */
const NESTING = { most: 200, advice: 'commit the file whole: `tallystick commit files FILE`' };

/** Reads a JSON text. Refuses `malformed-text`, with line and column. */
export function parseJson(text: string): Tree {
  return readJson(text, NESTING);
}

/** Leaves of a JSON text, one per scalar; `json@1`. */
export function declareJson(text: string): Declarable {
  const leaves = new Leaves();
  leaves.add('', parseJson(text));
  return { profile: 'json@1', leaves: leaves.all(), excluded: [], source: { kind: 'json' } };
}
