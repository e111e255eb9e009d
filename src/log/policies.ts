/**
 * The registration policies of a store, taken from the bytes of entries alone. Index rows are not used, because whoever
 * can write to the database can change them.
 *
 * The guard, which is separate from the store, names the policy in force at the last signed head by its entry id, a
 * hash. Each policy names its predecessor by entry id, so every older policy follows from the guard. Entries after the
 * guard's head are read one by one; without a guard, all entries are.
 */
import { entryId, leafIndex, treeSize, type EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { encodeUtf8, formatHex } from '../bytes/text.ts';
import { PolicyHistory, type PolicyEntry } from '../registration/history.ts';
import type { InForce } from '../registration/rules.ts';
import { OTHER_RULES } from '../registration/unread.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { contentTypeOf } from '../statement/kinds.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import { nodeHashOf, hashLeaf, type BatchHasher } from '../tree/hash.ts';
import { readNodes, type TileLoader } from '../tree/load.ts';
import { nodesForInclusion, proveInclusion } from '../tree/prove.ts';
import { verifyInclusion } from '../tree/verify.ts';
import type { Head, Signed, StoreReader } from './ports.ts';

/** Entries read at once. */
const PAGE = 256;

interface PoliciesDeps {
  readonly store: StoreReader;
  /** Name of the log. */
  readonly origin: string;
  readonly hasher: BatchHasher;
  readonly load: TileLoader;
  readonly verify?: VerifySignature;
}

/**
 * The policy in force at `head`. Its inclusion and the signatures of all policies before it are checked. `signed`:
 * content of the guard. Refuses `corrupt-store` if the store lacks what the guard names, or has a policy that the log
 * should have refused; refuses `older-version`, `newer-version`.
 */
export async function policyAt(
  head: Head,
  signed: Signed | undefined,
  { store, origin, hasher, load, verify }: PoliciesDeps,
): Promise<InForce> {
  const known = signed?.policy === undefined ? [] : await ancestry(store, hasher, signed.policy);
  const fresh = await policiesFrom(store, hasher, known.length === 0 ? 0 : (signed?.size ?? 0), head.size);
  const inForce = replayed(origin, [...known, ...fresh], verify);
  const index = leafIndex(inForce.index);
  const read = await readNodes(nodesForInclusion(index, head.size), head.size, load);
  const path = proveInclusion(read, index, head.size, nodeHashOf(hasher));
  verifyInclusion(index, treeSize(head.size), hashLeaf(inForce.entry), path, head.root);
  return inForce;
}

/** The policy at a place and all before it, oldest first. */
async function ancestry(
  store: StoreReader,
  hasher: BatchHasher,
  { index, id }: { readonly index: number; readonly id: EntryId },
): Promise<readonly PolicyEntry[]> {
  const found: PolicyEntry[] = [];
  let place: { readonly index: number; readonly id: EntryId } | undefined = { index, id };
  while (place !== undefined) {
    const parsed: ParsedStatement | undefined = await entryAt(store, hasher, place);
    if (parsed?.kind !== 'policy') throw corrupt(`entry ${place.index} is not the policy ${place.id}`);
    found.push({ ...place, parsed });
    const { replaces } = parsed.policy.document;
    const before: number = place.index;
    place = replaces && (await placeOf(store, entryId(formatHex(replaces))));
    if (place !== undefined && place.index >= before) throw corrupt('a policy replaces one after it');
  }
  return found.toReversed();
}

async function placeOf(store: StoreReader, id: EntryId): Promise<{ index: number; id: EntryId }> {
  const row = await store.find(id);
  if (row === undefined) throw corrupt(`the policy ${id} is not found`);
  return { index: row.index, id };
}

/** The statement of an entry whose bytes hash to its id; undefined if they do not. */
async function entryAt(
  store: StoreReader,
  hasher: BatchHasher,
  { index, id }: { readonly index: number; readonly id: EntryId },
): Promise<ParsedStatement | undefined> {
  const [entry] = await store.entries(index, index + 1);
  return entry !== undefined && idOf(entry.bytes, hasher) === id ? parseStatement(entry.bytes) : undefined;
}

/** Every policy among the entries from `start` on, by their bytes. */
async function policiesFrom(
  store: StoreReader,
  hasher: BatchHasher,
  start: number,
  end: number,
): Promise<readonly PolicyEntry[]> {
  const found: PolicyEntry[] = [];
  for (let at = start; at < end; at += PAGE) {
    const last = Math.min(at + PAGE, end);
    const entries = await store.entries(at, last);
    if (entries.length !== last - at) throw corrupt(`entries from ${at} on are missing`);
    for (const [i, { bytes }] of entries.entries()) {
      const parsed = mentionsPolicy(bytes) ? parseStatement(bytes) : undefined;
      if (parsed?.kind === 'policy') found.push({ index: at + i, id: idOf(bytes, hasher), parsed });
    }
  }
  return found;
}

const POLICY = Array.from(encodeUtf8(contentTypeOf('policy')));

/** Whether the bytes contain the content type of policies. This is cheap, and true for every policy. */
function mentionsPolicy(bytes: Uint8Array): boolean {
  const first = POLICY[0] ?? 0;
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1))
    if (POLICY.every((byte, i) => bytes[at + i] === byte)) return true;
  return false;
}

function idOf(bytes: Uint8Array, hasher: BatchHasher): EntryId {
  const out = new Uint8Array(32);
  hasher.digests(bytes, Uint32Array.of(bytes.length), 1, out);
  return entryId(formatHex(out));
}

function replayed(
  origin: string,
  entries: readonly PolicyEntry[],
  verify: VerifySignature | undefined,
): InForce {
  try {
    return PolicyHistory.of(origin, entries, verify).newest;
  } catch (error) {
    if (!(error instanceof Refusal) || OTHER_RULES.has(error.code)) throw error;
    throw corrupt(`its registration policies do not follow from one another (${error.message})`);
  }
}

function corrupt(what: string): Refusal {
  return refuse(
    'corrupt-store',
    `${what}: run \`tallystick fsck\`, then restore a backup (spec/operations.md)`,
  );
}
