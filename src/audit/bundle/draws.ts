/**
 * Draws pairs of a declared matrix again (spec/agent.md §5): where the whole matrix and what a look drew are opened, and the seed of
 * the slot is revealed, everyone can tell which pairs the look had to take. Pure.
 */
import { decodeCbor } from '../../bytes/cbor.ts';
import { groupBy } from '../../bytes/group.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { seedsIn } from '../../appraisal/sampling.ts';
import { epochFor, slotLength } from '../../appraisal/slots.ts';
import { unescaped } from '../../claim/value.ts';
import type { OpenedLeaf } from '../../declare/openings-file.ts';
import { drawn, drawSeed } from '../../evidence/draw.ts';
import { groupClaims } from '../../probe/groups.ts';
import { isWithdrawal, type Declaration } from '../../statement/commitment.ts';
import type { RuntimeProof } from '../../statement/proof.ts';
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

/** Checked openings of a bundle (openings.ts), in any order. */
export function drawsIn(opened: readonly OpenedLeaf[], entries: readonly BundleEntry[]): Draws {
  const byEntry = groupBy(opened, ({ entry }) => entry);
  const byId = new Map(entries.map((each) => [String(each.id), each]));
  const all: Draws[] = [];
  for (const [id, leaves] of byEntry) {
    const entry = byId.get(id);
    if (entry?.parsed.kind !== 'proof') continue;
    const { proof } = entry.parsed;
    const commitment = formatHex(proof.commitment);
    const declaration = declarationOf(byId.get(commitment));
    const doors = declaration && doorsOf(declaration, byEntry.get(commitment) ?? []);
    if (declaration === undefined || doors === undefined) continue;
    for (const [claim, told] of toldIn(leaves)) {
      const wanted = wantedOf(claim, { declaration, proof, doors }, chainOf(entry, entries));
      all.push(comparedWith(told, wanted, doors, entry.index));
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
      ? [{ parsed: each.parsed }]
      : [],
  );
}

/** The doors that a slot draws, by place; undefined if the seed is not revealed, or the look was in no slot. */
function wantedOf(
  id: string,
  {
    declaration,
    proof,
    doors,
  }: { readonly declaration: Declaration; readonly proof: RuntimeProof; readonly doors: readonly string[] },
  chain: ReturnType<typeof chainOf>,
): readonly string[] | undefined {
  const { claims } = declaration;
  const group = groupClaims(claims, declaration).find((each) => each.claims.some((claim) => claim.id === id));
  const draw = group?.params.get('draw');
  if (group === undefined || typeof draw !== 'number') return undefined;
  const { revealed } = seedsIn(chain, epochFor(claims));
  for (const { id: one, cadence } of group.claims) {
    const slot = proof.results.find(({ claim }) => claim === one)?.slot;
    if (slot?.beacon === undefined) continue;
    const seed = revealed.get(Math.floor((slot.number * slotLength(cadence)) / epochFor(claims)));
    if (seed === undefined) return undefined;
    return drawn(doors.length, draw, drawSeed(seed, slot.number, slot.beacon.root)).flatMap(
      (i) => doors[i] ?? [],
    );
  }
  return undefined;
}

/** A name that is no door is one that the agent withheld: it shows nothing. */
function comparedWith(
  told: ReadonlyMap<number, string>,
  wanted: readonly string[] | undefined,
  doors: readonly string[],
  index: number,
): Draws {
  if (wanted === undefined) return { right: 0, open: 1, faults: [] };
  const known = [...told].filter(([, name]) => doors.includes(name));
  const wrong = known.filter(([place, name]) => wanted[place] !== name).length;
  if (wrong === 0) return { right: known.length > 0 ? 1 : 0, open: known.length > 0 ? 0 : 1, faults: [] };
  return {
    right: 0,
    open: 0,
    faults: [`entry ${index} looked at ${wrong} other pairs than its slot draws: its agent chose them`],
  };
}
