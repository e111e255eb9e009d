/**
 * Turns runs of probes into the payload of a runtime proof: every observation becomes a leaf of a salted tree, every
 * claim gets a result that names the leaves it rests on, and every leaf of a violation is disclosed (spec/statements.md
 * §5).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, type Digest } from '../bytes/brand.ts';
import { fitting, printable } from '../bytes/printable.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';
import { leafSalt, openLeaf, saltedTree, SALTED_TREE, type SaltedTree } from '../statement/saltedleaf.ts';
import { isOpen, needsFacts } from './prev.ts';
import { judgeClaim, nameOf, underName, type Judgement } from './judge.ts';
import type { Attachment, Observed, Unobserved } from './observed.ts';
import { encodeValue, leavesOf } from './value.ts';

/** One run of a probe, and the claims that it answers. */
export interface Run {
  readonly claims: readonly Claim[];
  readonly seen: Observed | Unobserved;
  /** For each claim that was due in a slot: the slot. */
  readonly slots?: ReadonlyMap<string, Result['slot']>;
}

/** The members of a proof that do not come from observations. */
export type Frame = Pick<
  RuntimeProof,
  'commitment' | 'agent' | 'seq' | 'challenge' | 'window' | 'cost' | 'nextDue'
> &
  Partial<Pick<RuntimeProof, 'prev' | 'sampling'>>;

export interface Assembled {
  readonly proof: RuntimeProof;
  /** The whole tree with its salts. The agent stores it, to open leaves later. */
  readonly tree: SaltedTree;
  /** Attachments that had no room in the entry and are named there by digest. The agent stores them. */
  readonly kept: readonly Attachment[];
}

/** Most bytes of attachments in one entry. The rest of 65,535 is for results and disclosed leaves. */
const ATTACHED_BYTES = 32_768;
/** Most leaves that a result names, and most disclosed leaves (statements.cddl). */
const MAX_NAMED = 64;
const MAX_DISCLOSED = 512;
/** Most files that a population names. */
const MAX_FILES = 512;
/** Most bytes of a text: of an error, of an explanation, of the place where a population was found. */
const MAX_MESSAGE = 1_024;
const MAX_EXPLAIN = 2_048;
const MAX_SOURCE = 512;
/** Most bytes of a disclosed value; a longer one is named by its digest. */
const MAX_SHOWN = 1_024;

/**
 * Builds the payload. `saltKey`: 32 secret bytes, used for this proof alone. Without runs, the proof is a heartbeat.
 */
export function assembleProof(
  frame: Frame,
  runs: readonly Run[],
  declared: Declared,
  saltKey: Uint8Array,
): Assembled {
  const leaves: Leaf[] = [];
  const attachments: Attachment[] = [];
  const results: Drafted[] = [];
  for (const run of runs) {
    const first = attachments.length;
    const own = 'code' in run.seen ? [] : observationsOf(run, leaves.length);
    leaves.push(...own);
    if (!('code' in run.seen)) attachments.push(...run.seen.attachments);
    for (const claim of run.claims) results.push(draft(claim, run, own, first));
  }
  const tree = saltedTree(leaves.map(({ path, value }, i) => ({ salt: leafSalt(saltKey, i), path, value })));
  if (results.length === 0) return { proof: { ...frame, results: [] }, tree, kept: [] };
  const { named, kept } = attached(attachments);
  const disclosed = disclosedIn(results);
  const errors = runs.flatMap(({ claims, seen }) =>
    'code' in seen
      ? claims.map(({ id }) => ({ code: seen.code, message: fitting(seen.message, MAX_MESSAGE), claim: id }))
      : [],
  );
  const proof: RuntimeProof = {
    ...frame,
    results: results.map(({ result }) => onlyDisclosed(result, disclosed)),
    population: populationOf(runs),
    observations: { alg: SALTED_TREE, count: tree.count, root: tree.root },
    coverage: coverageOf(runs, declared),
    ...(disclosed.length > 0 && { disclosed: disclosed.map((index) => openLeaf(tree, index)) }),
    ...(named.length > 0 && { attachments: named }),
    ...(errors.length > 0 && { errors: errors.slice(0, 64) }),
  };
  return { proof, tree, kept };
}

/** Leaves of the declaration that the proof is about. */
export interface Declared {
  readonly leaves: number;
  readonly excluded: number;
}

interface Leaf {
  readonly index: number;
  readonly path: string;
  readonly value: Uint8Array | { readonly digest: Digest; readonly size: number };
}

interface Drafted {
  readonly result: Result;
  /** Whether its leaves are disclosed to everyone. */
  readonly shown: boolean;
}

/**
 * The observations of a run as leaves below the id of its first claim, so that two runs of one probe have different
 * paths.
 */
function observationsOf({ claims, seen }: Run, from: number): readonly Leaf[] {
  const [claim] = claims;
  if (claim === undefined || 'code' in seen) return [];
  return leavesOf(underName(nameOf(claim.probe), seen).value).map(({ path, value }, i) => {
    const bytes = encodeValue(value);
    const long = bytes.length > MAX_SHOWN;
    return {
      index: from + i,
      path: `/${claim.id}${path}`,
      value: long ? { digest: digest(sha256(bytes)), size: bytes.length } : bytes,
    };
  });
}

function draft(
  claim: Claim,
  { claims, seen, slots }: Run,
  leaves: readonly Leaf[],
  firstAttachment: number,
): Drafted {
  const judgement = judgeClaim(claim, seen);
  const { verdict, evidence } = judgement;
  const prefix = `/${claims[0]?.id ?? ''}`;
  const touched = new Set(judgement.touched.map((each) => prefix + each));
  const rests = leaves
    .filter(({ path }) => pathsTo(path).some((each) => touched.has(each)))
    .map(({ index }) => index)
    .slice(0, MAX_NAMED);
  const slot = slots?.get(claim.id);
  const explain = explainOf(judgement, rests.length === 0);
  const attachments = judgement.attachments.map((i) => firstAttachment + i).slice(0, MAX_NAMED);
  const isSigned = evidence === 'E3' || evidence === 'E4';
  const open = isOpen(claim, { verdict, leaves: rests }) && !isSigned && needsFacts(claim);
  return {
    // Readers of later proofs need what was seen, unless somebody signed it.
    shown: verdict === 'VIOLATED' || verdict === 'CONTRADICTED' || open,
    result: {
      claim: claim.id,
      verdict,
      evidence,
      ...(slot !== undefined && { slot }),
      ...(rests.length > 0 && { leaves: rests }),
      ...(attachments.length > 0 && { attachments }),
      ...(explain !== undefined && { explain: fitting(explain, MAX_EXPLAIN) }),
    },
  };
}

/** A violation that rests on the absence of something has no leaf to disclose; its explanation names what is absent. */
function explainOf({ verdict, explain, touched }: Judgement, leafless: boolean): string | undefined {
  if (explain !== undefined || verdict === 'PROVEN') return explain;
  return leafless ? `nothing was observed at ${touched.join(', ') || 'all'}` : undefined;
}

/** Leaves that violations rest on, each once, ascending. */
function disclosedIn(results: readonly Drafted[]): readonly number[] {
  const shown = results.filter((each) => each.shown).flatMap(({ result }) => result.leaves ?? []);
  return [...new Set(shown)].toSorted((a, b) => a - b).slice(0, MAX_DISCLOSED);
}

/** The leaves that a violation rests on are disclosed. Leaves beyond the limit are not named in the result either. */
function onlyDisclosed(result: Result, disclosed: readonly number[]): Result {
  if (result.verdict !== 'VIOLATED' && result.verdict !== 'CONTRADICTED') return result;
  const { leaves, ...rest } = result;
  const shown = (leaves ?? []).filter((index) => disclosed.includes(index));
  if (shown.length > 0) return { ...rest, leaves: shown };
  return { explain: 'more was violated than one proof can show', ...rest };
}

/** Attachments in order: by value while there is room, then by digest. */
function attached(all: readonly Attachment[]): {
  readonly named: NonNullable<RuntimeProof['attachments']>;
  readonly kept: readonly Attachment[];
} {
  const kept: Attachment[] = [];
  let room = ATTACHED_BYTES;
  const named = all.slice(0, MAX_NAMED).map(({ mediaType, data }) => {
    if (data.length <= room) {
      room -= data.length;
      return { mediaType, data };
    }
    kept.push({ mediaType, data });
    return { mediaType, digest: digest(sha256(data)), size: data.length };
  });
  return { named, kept };
}

function populationOf(runs: readonly Run[]): NonNullable<RuntimeProof['population']> {
  const seen = runs.flatMap((run) => ('code' in run.seen ? [] : [run.seen.population]));
  const sum = (of: 'total' | 'sampled'): number => seen.reduce((total, each) => total + each[of], 0);
  const methods = [...new Set(seen.map(({ method }) => method))];
  const sources = [...new Set(seen.map(({ source }) => source))].join(', ');
  const files = seen.flatMap((each) => each.files ?? []);
  const whole = files.length > 0 && seen.every((each) => each.files !== undefined || each.total === 0);
  return {
    source: sources === '' ? 'nothing' : fitting(printable(sources, MAX_SOURCE), MAX_SOURCE),
    total: sum('total'),
    sampled: sum('sampled'),
    method: methods.length === 0 ? 'all' : methods.length === 1 ? (methods[0] ?? 'all') : 'mixed',
    // The counts of files are useless unless they add up to the total.
    ...(whole && files.length <= MAX_FILES && { files }),
  };
}

function coverageOf(
  runs: readonly Run[],
  { leaves, excluded }: Declared,
): NonNullable<RuntimeProof['coverage']> {
  const seen = runs.flatMap((run) => ('code' in run.seen ? [] : [run.seen]));
  // A probe that compares knows which leaves it left out; what a commitment excludes may not be a leaf.
  const most = seen.flatMap((each) => each.compared ?? []).toSorted((a, b) => b.compared - a.compared)[0];
  const left = Math.min(most?.excluded ?? excluded, leaves);
  const looked = seen.filter((each) => each.undeclared !== undefined);
  const undeclared = looked.reduce((total, each) => total + (each.undeclared?.length ?? 0), 0);
  return {
    declared: leaves,
    excluded: left,
    compared: Math.min(most?.compared ?? 0, leaves - left),
    ...(looked.length > 0 && { undeclared }),
  };
}

/** A JSON Pointer, and every pointer above it. */
function pathsTo(path: string): readonly string[] {
  const paths = [path];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    paths.push(path.slice(0, at));
  return paths;
}
