/**
 * Draws pairs of a declared matrix again (spec/agent.md §5): where the whole matrix and what a look drew are opened, and the seed of
 * the slot is revealed, everyone can tell which pairs the look had to take. What to open is chosen by whoever makes the bundle, and the
 * slot is named by the agent: a look is right only if every place that it drew is opened, and its slot is the one that was prescribed.
 * Pure.
 */
import { decodeCbor } from '../../bytes/cbor.ts';
import { groupBy } from '../../bytes/group.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { seedsIn, slotFault } from '../../appraisal/sampling.ts';
import { epochFor, slotLength } from '../../appraisal/slots.ts';
import { unescaped } from '../../claim/value.ts';
import type { OpenedLeaf } from '../../declare/openings-file.ts';
import { drawn, drawSeed } from '../../evidence/draw.ts';
import { groupClaims } from '../../probe/groups.ts';
import { isWithdrawal, type Declaration } from '../../statement/commitment.ts';
import type { BundleEntry } from './entries.ts';

export interface Draws {
  /** Looks whose pairs are those that their slots draw, and looks of which nobody can say yet. */
  readonly right: number;
  readonly open: number;
  /** One sentence for each look that took others. */
  readonly faults: readonly string[];
}

/** A door of the matrix, and the place of a drawn pair in an observation, by the path of the leaf. */
const DOOR = /^\/doors\/([^/]+)\/at$/;
const TO = /^\/([^/]+)\/net\/drawn\/(\d{1,3})\/to$/;

/** Whether the log had a root at a size. */
type WasHead = (size: number, root: Uint8Array) => boolean;

/** Sizes of the beacons that opened looks name: `drawsIn` will ask `wasHead` about these. */
export function beaconSizesIn(
  opened: readonly OpenedLeaf[],
  entries: readonly BundleEntry[],
): readonly number[] {
  const ids = new Set(opened.map(({ entry }) => entry));
  return entries.flatMap(({ id, parsed }) =>
    parsed.kind === 'proof' && ids.has(id)
      ? parsed.proof.results.flatMap(({ slot }) => slot?.beacon?.size ?? [])
      : [],
  );
}

/** Checked openings of a bundle (openings.ts), in any order. `wasHead`: see `beaconSizesIn`. */
export function drawsIn(
  opened: readonly OpenedLeaf[],
  entries: readonly BundleEntry[],
  wasHead: WasHead,
): Draws {
  const byEntry = groupBy(opened, ({ entry }) => entry);
  const byId = new Map(entries.map((each) => [String(each.id), each]));
  const all: Draws[] = [];
  for (const [id, leaves] of byEntry) {
    const entry = byId.get(id);
    if (entry?.parsed.kind !== 'proof') continue;
    const { index, parsed } = entry;
    const commitment = formatHex(parsed.proof.commitment);
    const declaration = declarationOf(byId.get(commitment));
    const doors = declaration && doorsOf(declaration, byEntry.get(commitment) ?? []);
    if (declaration === undefined || doors === undefined) continue;
    for (const [claim, told] of toldIn(leaves)) {
      const look = { declaration, doors, index, parsed };
      all.push(comparedWith(told, wantedOf(claim, look, chainOf(entry, entries), wasHead), doors, index));
    }
  }
  return {
    right: all.reduce((sum, each) => sum + each.right, 0),
    open: all.reduce((sum, each) => sum + each.open, 0),
    faults: all.flatMap(({ faults }) => faults),
  };
}

function declarationOf(entry: BundleEntry | undefined): Declaration | undefined {
  if (entry?.parsed.kind !== 'commitment' || isWithdrawal(entry.parsed.commitment)) return undefined;
  return entry.parsed.commitment;
}

/** The doors in the order of their numbers; undefined unless every leaf of the declaration is opened: another door would move all numbers. */
function doorsOf({ tree }: Declaration, leaves: readonly OpenedLeaf[]): readonly string[] | undefined {
  const paths = new Set(leaves.map(({ opening }) => opening.path));
  if (paths.size !== tree.leaves) return undefined;
  const names = [...paths].flatMap((path) => {
    const [, name] = DOOR.exec(path) ?? [];
    return name === undefined ? [] : [unescaped(name)];
  });
  return names.length === 0 ? undefined : names.toSorted((a, b) => (a < b ? -1 : 1));
}

/** What looks say that they drew: by the claim that the run is named after, and by place. */
function toldIn(leaves: readonly OpenedLeaf[]): ReadonlyMap<string, ReadonlyMap<number, string>> {
  const told = new Map<string, Map<number, string>>();
  for (const { opening } of leaves) {
    const [, claim, place] = TO.exec(opening.path) ?? [];
    const name = opening.value instanceof Uint8Array ? textIn(opening.value) : undefined;
    if (claim === undefined || name === undefined) continue;
    const list = told.get(unescaped(claim)) ?? new Map<number, string>();
    list.set(Number(place), name);
    told.set(unescaped(claim), list);
  }
  return told;
}

function textIn(bytes: Uint8Array): string | undefined {
  try {
    const value = decodeCbor(bytes);
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** The proofs of one agent about one subject. */
function chainOf({ parsed }: BundleEntry, entries: readonly BundleEntry[]) {
  return entries.flatMap((each) =>
    each.parsed.kind === 'proof' && each.parsed.kid === parsed.kid && each.parsed.subject === parsed.subject
      ? [{ index: each.index, parsed: each.parsed }]
      : [],
  );
}

type Link = ReturnType<typeof chainOf>[number];

interface Look extends Link {
  readonly declaration: Declaration;
  readonly doors: readonly string[];
}

/** The doors that a slot draws, by place. */
interface Wanted {
  readonly names: readonly string[];
  /** Whether the agent could choose neither the slot, nor its beacon, nor its seed. */
  readonly isPrescribed: boolean;
}

/** Undefined if the seed is not revealed, or the look was in no slot. */
function wantedOf(
  id: string,
  { declaration, doors, ...look }: Look,
  chain: readonly Link[],
  wasHead: WasHead,
): Wanted | undefined {
  const { claims } = declaration;
  const group = groupClaims(claims, declaration).find((each) => each.claims.some((claim) => claim.id === id));
  const draw = group?.params.get('draw');
  if (group === undefined || typeof draw !== 'number') return undefined;
  const epoch = epochFor(claims);
  const { revealed } = seedsIn(chain, epoch);
  for (const { id: one, cadence } of group.claims) {
    const slot = look.parsed.proof.results.find(({ claim }) => claim === one)?.slot;
    if (slot?.beacon === undefined) continue;
    const length = slotLength(cadence);
    const day = Math.floor((slot.number * length) / epoch);
    const seed = revealed.get(day);
    if (seed === undefined) return undefined;
    const { size, root } = slot.beacon;
    return {
      names: drawn(doors.length, draw, drawSeed(seed, slot.number, root)).flatMap((i) => doors[i] ?? []),
      isPrescribed:
        slotFault(slot, look, seed, length, wasHead) === undefined && isCommitted(day, epoch, chain, size),
    };
  }
  return undefined;
}

/** Whether the log of so many entries held a commitment to the seed of a day. Who knows the root first can try seeds until one suits. */
function isCommitted(day: number, epoch: number, chain: readonly Link[], size: number): boolean {
  return chain.some(({ index, parsed: { proof } }) => {
    const own = Math.floor(proof.window.start / epoch);
    return index < size && proof.sampling !== undefined && (own === day || own === day - 1);
  });
}

/** A name that is no door is one that the agent withheld: it shows nothing. */
function comparedWith(
  told: ReadonlyMap<number, string>,
  wanted: Wanted | undefined,
  doors: readonly string[],
  index: number,
): Draws {
  if (wanted === undefined) return { right: 0, open: 1, faults: [] };
  const known = [...told].filter(([, name]) => doors.includes(name));
  const wrong = known.filter(([place, name]) => wanted.names[place] !== name).length;
  const isRight = wanted.isPrescribed && wanted.names.every((name, place) => told.get(place) === name);
  if (wrong === 0) return { right: isRight ? 1 : 0, open: isRight ? 0 : 1, faults: [] };
  return {
    right: 0,
    open: 0,
    faults: [`entry ${index} looked at ${wrong} other pairs than its slot draws: its agent chose them`],
  };
}
