/**
 * The payload of a runtime proof: what an agent saw, bound to one commitment and to the agent's previous
 * proof of the same subject (design.md, "Proof-as-code"; spec/statements.md §5). A proof without results
 * is a heartbeat: the agent lives, nothing was due.
 */
import { EMPTY_ROOT } from '../tree/hash.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal } from '../bytes/refusal.ts';
import { delegation } from './delegation.ts';
import { opening, SALTED_TREE, verifyOpening } from './saltedleaf.ts';
import {
  array,
  bytes,
  checked,
  mapOf,
  oneOf,
  prose,
  record,
  text,
  wrong,
  type Of,
  type Schema,
} from './schema.ts';
import {
  attachment,
  challenge,
  count,
  distinct,
  evidenceClass,
  inside,
  name,
  sha256,
  time,
  verdict,
} from './vocabulary.ts';

/** Who looked, with what, from where, and allowed to do what. */
const agent = record(
  { name: text(1, 128), version: text(1, 64) },
  {
    binaryDigest: sha256,
    /** Entry id of the commitment to the agent's own permission profile. */
    profile: sha256,
    /** SHA-256 of that profile where no commitment to it is logged. */
    profileDigest: sha256,
    vantage: text(1, 256),
  },
);

/** Unpredictable sampling: SHA-256 of the seed in force and of the next, and the seed that was retired. */
const sampling = record({ seedCommitment: sha256 }, { next: sha256, revealed: bytes(32) });

/**
 * What could have been observed and how much of it was; `files` are the sources of the population.
 * `method` is how the sample was chosen: `all` means sampled equals total, `random` by the seed.
 */
const population = record(
  { source: text(1, 512), total: count, sampled: count, method: name },
  { files: array(record({ digest: sha256, count }), 512, 1) },
);

/** The salted tree over all observations. Each sampled member of the population has at least one leaf. */
const observations = record(
  { alg: oneOf([SALTED_TREE]), count, root: sha256 },
  { byVerdict: mapOf(count, 16, name) },
);

/** When the claim was to be proven, from the seed and the root of a checkpoint before the slot. */
const slot = record(
  { number: count, due: time, actual: time },
  { beacon: record({ size: count, root: sha256 }) },
);

const result = record(
  { claim: name, verdict, evidence: evidenceClass },
  {
    /** Whether the value is in force now, in what is loaded at start, or shown to outlive a restart. */
    aspect: oneOf(['running', 'persistent', 'survives-restart']),
    slot,
    /** Observations the verdict rests on, as indices into their tree. */
    leaves: array(count, 64, 1),
    /** Indices into `attachments`. */
    attachments: array(count, 64, 1),
    explain: prose(1, 2048),
  },
);
export type Result = Of<typeof result>;

/** Leaves of the declaration: how many there are, were compared, were excluded. */
const coverage = record(
  { declared: count, compared: count, excluded: count },
  { /** Live things nobody declared; absent when nobody looked. */ undeclared: count },
);

const proofFields = record(
  {
    /** Entry id of the commitment. */
    commitment: sha256,
    agent,
    seq: count,
    challenge,
    /** The time this proof speaks for. */
    window: record({ start: time, end: time }),
    results: array(result, 256),
    cost: record({ cpuUs: count, wallUs: count, bytes: count }, { peakBytes: count }),
    /** Until when the next proof must come. */
    nextDue: time,
  },
  {
    /** Entry id of the previous proof in the chain; absent exactly when `seq` is 0. */
    prev: sha256,
    /** By which the key that signs may prove, where no policy enrols it. */
    delegation,
    sampling,
    population,
    observations,
    coverage,
    /** Leaves shown in public: every violation. */
    disclosed: array(opening, 512, 1),
    attachments: array(attachment, 64, 1),
    errors: array(record({ code: name, message: prose(1, 1024) }, { claim: name }), 64, 1),
  },
);
export type RuntimeProof = Of<typeof proofFields>;

export const runtimeProof: Schema<RuntimeProof> = checked(proofFields, (value, at) => {
  checkChain(value, at);
  if (isHeartbeat(value)) checkHeartbeat(value, at);
  else checkCounts(value, at);
  checkDisclosed(value, at);
  distinct(value.results, (each) => each.claim, inside(at, 'results'));
  for (const [i, each] of value.results.entries()) checkResult(each, value, `${inside(at, 'results')}[${i}]`);
});

/** Whether a proof only says that its agent lives. */
function isHeartbeat(proof: RuntimeProof): boolean {
  return proof.results.length === 0;
}

function checkChain({ seq, prev, window, nextDue }: RuntimeProof, at: string): void {
  if ((seq === 0) !== (prev === undefined)) {
    throw wrong(inside(at, 'prev'), 'expected in every proof but the first of its chain, where seq is 0');
  }
  if (window.start > window.end) throw wrong(inside(at, 'window'), 'it ends before it starts');
  if (nextDue < window.end) throw wrong(inside(at, 'nextDue'), 'the next proof is due before this one ended');
}

function checkHeartbeat(proof: RuntimeProof, at: string): void {
  for (const field of ['population', 'observations', 'coverage', 'disclosed', 'attachments'] as const) {
    if (proof[field] !== undefined) {
      throw wrong(inside(at, field), 'a proof without results, a heartbeat, has none; leave it out');
    }
  }
}

function checkCounts(proof: RuntimeProof, at: string): void {
  const seen = needed(proof.observations, inside(at, 'observations'));
  const whole = needed(proof.population, inside(at, 'population'));
  const leaves = needed(proof.coverage, inside(at, 'coverage'));
  const { total, sampled, method } = whole;
  if (sampled > total || (method === 'all' && sampled !== total)) {
    throw wrong(
      inside(at, 'population.sampled'),
      `${sampled} of ${total} is not a sample by method ${method}`,
    );
  }
  if (whole.files !== undefined && sum(whole.files.map((file) => file.count)) !== total) {
    throw wrong(inside(at, 'population.files'), `the counts do not add up to ${total}`);
  }
  if (seen.count < sampled) {
    throw wrong(inside(at, 'observations.count'), `fewer observations than the ${sampled} sampled`);
  }
  if (seen.byVerdict !== undefined && sum([...seen.byVerdict.values()]) !== seen.count) {
    throw wrong(inside(at, 'observations.byVerdict'), `the counts do not add up to ${seen.count}`);
  }
  if ((seen.count === 0) !== equalBytes(seen.root, EMPTY_ROOT)) {
    throw wrong(
      inside(at, 'observations.root'),
      'the root of no leaves, and only that, is SHA-256 of nothing',
    );
  }
  if (leaves.compared + leaves.excluded > leaves.declared) {
    throw wrong(inside(at, 'coverage'), 'more compared and excluded than declared');
  }
}

/** Disclosed leaves must ascend and each must lead to the root. The log checks this, so readers can rely on it. */
function checkDisclosed(proof: RuntimeProof, at: string): void {
  let last = -1;
  for (const [i, shown] of (proof.disclosed ?? []).entries()) {
    const place = `${inside(at, 'disclosed')}[${i}]`;
    if (shown.index <= last) throw wrong(`${place}.index`, 'indices must ascend');
    last = shown.index;
    try {
      verifyOpening(shown, needed(proof.observations, inside(at, 'observations')));
    } catch (error) {
      if (error instanceof Refusal) throw wrong(place, error.message);
      throw error;
    }
  }
}

function checkResult(each: Result, proof: RuntimeProof, at: string): void {
  const { leaves = [], attachments = [], evidence } = each;
  checkIndices(leaves, proof.observations?.count ?? 0, inside(at, 'leaves'));
  checkIndices(attachments, proof.attachments?.length ?? 0, inside(at, 'attachments'));
  if ((evidence === 'E3' || evidence === 'E4') && attachments.length === 0) {
    throw wrong(inside(at, 'attachments'), `class ${evidence} rests on somebody's signature; attach it`);
  }
  if (each.verdict !== 'VIOLATED' && each.verdict !== 'CONTRADICTED') return;
  const shown = new Set((proof.disclosed ?? []).map((leaf) => leaf.index));
  const hidden = leaves.find((leaf) => !shown.has(leaf));
  if (hidden !== undefined)
    throw wrong(inside(at, 'leaves'), `a violation is shown: disclose leaf ${hidden}`);
  if (leaves.length === 0 && each.explain === undefined) {
    throw wrong(at, `${each.verdict} needs the leaves that show it, or a reason in explain`);
  }
}

function checkIndices(indices: readonly number[], end: number, at: string): void {
  for (const [i, index] of indices.entries()) {
    if (index >= end) throw wrong(`${at}[${i}]`, `there is no number ${index} among ${end}`);
    if (index <= (indices[i - 1] ?? -1)) throw wrong(`${at}[${i}]`, 'indices must ascend');
  }
}

function needed<T>(value: T | undefined, at: string): T {
  if (value === undefined) throw wrong(at, 'a proof with results needs it');
  return value;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
