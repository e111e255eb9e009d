/**
 * The declared matrix of who may reach what, as it is committed (`tallystick commit yaml network.yaml`). It is closed: what is not
 * allowed is denied.
 *
 *     doors:
 *       db: { at: 'db.example:5432', answer: tls, starttls: postgres }
 *       ssh: { at: 'db.example:22', answer: ssh, key: 'SHA256:…' }
 *     allow:
 *       app: [db]
 *       guest: []
 */
import { printable } from '../../bytes/printable.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import type { Value } from '../../claim/value.ts';
import { isTreeList, isTreeMap, type Tree, type TreeMap } from '../../declare/leaf.ts';
import { treeOfLeaves } from '../../declare/tree.ts';
import type { Parameter } from '../../statement/commitment.ts';
import type { Pair } from './look.ts';
import { pairIn } from './parameters.ts';

/** A door as seen from one source. */
export interface DeclaredPair {
  /** The name of the door. */
  readonly door: string;
  readonly allowed: boolean;
  /** With a control if another door of the same host is allowed to the source. */
  readonly pair: Pair;
}

const FIELDS = ['at', 'transport', 'answer', 'banner', 'servername', 'starttls', 'key'];
const MAX_DOORS = 4_096;

/** The pairs of a source, by the names of the doors. Refuses `config-invalid` for leaves that are no matrix, or lack the source. */
export function pairsOf(source: string, leaves: ReadonlyMap<string, Value>): readonly DeclaredPair[] {
  const { doors, allow } = matrixOf(leaves);
  const allowed = allow.get(source);
  if (allowed === undefined) throw invalid(`it has no source ${printable(source, 64)} under allow`);
  const unknown = [...allowed].find((name) => !doors.has(name));
  if (unknown !== undefined) throw invalid(`${printable(unknown, 64)} is allowed, and is no door`);
  const open = [...doors].filter(([name, { transport }]) => allowed.has(name) && transport === 'tcp');
  return [...doors]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([door, pair]) => {
      const control = open.find(
        ([name, each]) => name !== door && each.host === pair.host && each.port !== pair.port,
      );
      const isUdp = pair.transport === 'udp';
      return {
        door,
        allowed: allowed.has(door),
        pair: { ...pair, control: isUdp ? undefined : control?.[1] },
      };
    });
}

interface Matrix {
  readonly doors: ReadonlyMap<string, Pair>;
  readonly allow: ReadonlyMap<string, ReadonlySet<string>>;
}

function matrixOf(leaves: ReadonlyMap<string, Value>): Matrix {
  const tree = treeOfLeaves(leaves, '', () => undefined)?.tree;
  const whole = tree === undefined ? undefined : mapOf(tree);
  const [doors, allow] = [memberOf(whole, 'doors'), memberOf(whole, 'allow')];
  if (whole?.size !== 2 || doors === undefined || allow === undefined)
    throw invalid('it has the maps doors and allow alone');
  if (doors.size === 0) throw invalid('it has no door');
  if (doors.size > MAX_DOORS) throw invalid(`it has more than ${MAX_DOORS} doors`);
  return {
    doors: new Map(Array.from(doors, ([name, door]) => [name, doorOf(name, door)])),
    allow: new Map(Array.from(allow, ([name, list]) => [name, namesOf(name, list)])),
  };
}

function doorOf(name: string, tree: Tree): Pair {
  const where = `the door ${printable(name, 64)}`;
  const door = mapOf(tree);
  const at = door?.get('at');
  const params = new Map<string, Parameter>();
  for (const [field, value] of door ?? []) {
    if (!FIELDS.includes(field)) throw invalid(`${where} has a field besides ${FIELDS.join(', ')}`);
    if (typeof value !== 'string') throw invalid(`${field} of ${where} is no text`);
    if (field !== 'at') params.set(field, value);
  }
  if (typeof at !== 'string') throw invalid(`${where} has no address (at)`);
  return pairIn(at, params);
}

function namesOf(source: string, tree: Tree): ReadonlySet<string> {
  const names = isTreeList(tree) ? tree.filter((each) => typeof each === 'string') : undefined;
  if (names === undefined || !isTreeList(tree) || names.length < tree.length)
    throw invalid(`what ${printable(source, 64)} may reach is no list of names of doors`);
  return new Set(names);
}

function memberOf(map: TreeMap | undefined, name: string): TreeMap | undefined {
  const member = map?.get(name);
  return member === undefined ? undefined : mapOf(member);
}

function mapOf(tree: Tree): TreeMap | undefined {
  return isTreeMap(tree) ? tree : undefined;
}

function invalid(what: string): Refusal {
  return refuse('config-invalid', `the declaration is no matrix of net@1: ${what} (src/probe/net/README.md)`);
}
