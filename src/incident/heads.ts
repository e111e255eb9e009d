/** Incidents about signed heads: what each kind proves, and what only the watcher states. */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { parseBase64 } from '../bytes/text.ts';
import { digest, type Digest } from '../bytes/brand.ts';
import { openCheckpoint, type Cosignature } from '../note/checkpoint.ts';
import { parseVkey, sameVerifier, type NoteVerifier } from '../note/key.ts';
import { parseNote } from '../note/note.ts';
import { parseTrustPolicy, quorumMet, type TrustPolicy } from '../note/trust.ts';
import { parseTilePath, tileWidthAt } from '../tree/tile.ts';
import { verifyConsistency } from '../tree/verify.ts';
import { signersOf, type Checks, type HeadShown, type Shown } from './checks.ts';
import type { Evidence } from './incident.ts';

/** The evidence of one kind. */
export type Of<K extends Evidence['kind']> = Extract<Evidence, { readonly kind: K }>;

/** Anyone who trusts the log's key can verify this: two signatures that contradict each other. */
export function splitView(checks: Checks, { heads, prefix }: Of<'split-view'>): Shown {
  const [old, now] = [checks.head('first head', heads[0]), checks.head('second head', heads[1])];
  const [small, large] = [old.checkpoint, now.checkpoint];
  checks.run('contradiction', () => {
    if (prefix === undefined) {
      if (small.size !== large.size)
        throw refuse('proof-failed', 'two sizes, and no proof of how the larger tree begins');
      if (equalBytes(small.root, large.root)) throw refuse('proof-failed', 'both heads have the same root');
      return [undefined, `two trees of ${small.size} entries`];
    }
    if (small.size >= large.size)
      throw refuse(
        'proof-failed',
        'a proof of how the larger tree begins goes with a smaller head and a larger one',
      );
    const root = digestOf(prefix.root);
    verifyConsistency(small.size, large.size, prefix.proof.map(digestOf), root, large.root);
    if (equalBytes(root, small.root))
      throw refuse('proof-failed', 'the larger tree begins with the smaller one: they are one history');
    return [undefined, `the tree of ${large.size} entries has the root ${prefix.root} at ${small.size}`];
  });
  const who = [...new Set([...signersOf(old), ...signersOf(now)])].join(' and ');
  return {
    what: `${checks.origin} signed two histories that cannot both be true`,
    proven: true,
    proves: [
      `the log's keys signed a tree of ${small.size} entries and one of ${large.size}`,
      small.size === large.size
        ? 'the two trees have one size and two roots'
        : 'the larger tree does not begin with the smaller one',
    ],
    reports: [],
    blames: `whoever holds ${who}: nobody else can make such heads`,
  };
}

/** Refuses `malformed-proof` for what is not base64 of 32 bytes. */
function digestOf(text: string): Digest {
  const bytes = parseBase64(text);
  if (bytes.length !== 32) throw refuse('malformed-proof', 'a hash of the proof is not 32 bytes long');
  return digest(bytes);
}

/**
 * Every log signs smaller heads before larger ones, so only the watcher's statement tells in which order they were
 * served. If the log's own timestamps (type 06) go back, that is further evidence; but a clock that was set back also
 * causes it.
 */
export function rollback(checks: Checks, { heads }: Of<'rollback'>): Shown {
  const [seen, served] = [checks.head('head seen', heads[0]), checks.head('head served later', heads[1])];
  const [large, small] = [seen.checkpoint, served.checkpoint];
  const signedBack = checks.run('order', () => {
    if (small.size >= large.size)
      throw refuse('proof-failed', `the head served later has ${small.size} entries, not fewer`);
    const back = signedLater(served, seen);
    return [back, back ? "the log's own timestamps go back" : "the log's signatures do not tell the order"];
  });
  const claim = 'by its own timestamps it signed the smaller one later: it went back, or its clock did';
  return {
    what: `${checks.origin} is said to have gone back from ${large.size} entries to ${small.size}`,
    proven: false,
    proves: [
      `the log signed a tree of ${large.size} entries, and one of ${small.size}`,
      ...(signedBack ? [claim] : []),
    ],
    reports: [
      'that the smaller head was served after the larger one',
      'that the rest of the larger tree is no longer served',
    ],
    blames: 'the log, the network between, or the watcher who reports it',
  };
}

/** Whether one key of the log put a later time into `late` than into `early`. */
function signedLater(late: HeadShown, early: HeadShown): boolean {
  return late.logSignatures.some(({ verifier, time = 0 }) =>
    early.logSignatures.some(
      (other) => sameVerifier(verifier, other.verifier) && (other.time ?? 0) > 0 && time > (other.time ?? 0),
    ),
  );
}

export function staleHead(checks: Checks, evidence: Of<'stale-head'>): Shown {
  const { checkpoint } = checks.head('head', evidence.head);
  const newer =
    evidence.newer === undefined ? undefined : checks.head('newer head', evidence.newer).checkpoint;
  checks.run('age', () => {
    const { ageSeconds, limitSeconds } = evidence;
    if (newer !== undefined && newer.size <= checkpoint.size)
      throw refuse('proof-failed', 'the newer head is not larger');
    if (newer === undefined && ageSeconds <= limitSeconds)
      throw refuse('proof-failed', `an age of ${ageSeconds} s is within the limit of ${limitSeconds} s`);
    return [undefined, `${ageSeconds} s, limit ${limitSeconds} s`];
  });
  const known = newer && `the log signed a larger tree, of ${newer.size} entries`;
  return {
    what: `${checks.origin} is said to serve an old head of ${checkpoint.size} entries`,
    proven: false,
    proves: [`the log signed a tree of ${checkpoint.size} entries`, ...(known === undefined ? [] : [known])],
    reports: [
      `that this was the newest head it served, ${evidence.ageSeconds} s old, when the watcher looked`,
    ],
    blames: 'the log, the network between, or the watcher who reports it',
  };
}

/** Anybody can remove signature lines from a note, so only the watcher's statement tells what was missing. */
export function quorumLost(checks: Checks, evidence: Of<'quorum-lost'>): Shown {
  const head = checks.head('head', evidence.head);
  const own = checks.policy.quorum !== 'none';
  const policy = own
    ? checks.policy
    : checks.run('policy', () => [parseTrustPolicy(evidence.policy), 'of the file']);
  checks.run('quorum', () => {
    const present = cosignaturesOn(head, policy, checks);
    if (quorumMet(policy, present)) throw refuse('proof-failed', 'the quorum is met on this head');
    return [undefined, `${present.length} of ${policy.witnesses.length} witnesses cosigned: too few`];
  });
  return {
    what: `${checks.origin} is said to serve a head that too few witnesses cosigned`,
    proven: false,
    proves: [
      `the log signed a tree of ${head.checkpoint.size} entries`,
      `the note as it stands does not meet the quorum of ${own ? 'your policy' : "the file's policy"}`,
    ],
    reports: [
      'that the log served it so: cosignatures can be taken off by anybody',
      ...(own ? [] : ['the policy']),
    ],
    blames: 'the log or its witnesses, for being silent; or the watcher who reports it',
  };
}

/** The witnesses' lines that verify; one that fails does not count, and is no reason to stop. */
function cosignaturesOn(head: HeadShown, policy: TrustPolicy, checks: Checks): readonly Cosignature[] {
  const lines = parseNote(head.note).lines;
  return policy.witnesses
    .map(({ verifier }) => verifier)
    .filter((witness) => lines.some((line) => line.name === witness.name && line.id === witness.id))
    .flatMap((witness) => cosignatureOf(head, witness, checks) ?? []);
}

/** The witness's cosignature; undefined when its line does not verify. */
function cosignatureOf(head: HeadShown, witness: NoteVerifier, checks: Checks): Cosignature | undefined {
  const logKeys = head.logSignatures.slice(0, 1).map(({ verifier }) => verifier);
  const { origin, verify } = checks;
  try {
    const keys = { origin, logKeys, witnessKeys: [witness], verify };
    return openCheckpoint(head.note, keys).cosignatures[0];
  } catch (error) {
    if (error instanceof Refusal && error.code === 'unknown-signer') return undefined;
    throw error;
  }
}

/** A line that does not verify accuses nobody, since whoever passes a note on can add one. */
export function forgedCosignature(checks: Checks, evidence: Of<'forged-cosignature'>): Shown {
  const head = checks.head('head', evidence.head);
  const witness = checks.run('witness key', () => {
    const key = parseVkey(evidence.vkey);
    if (key.type === 1) throw refuse('malformed-key', 'a witness signs with a key of type 04 or 06');
    const known = checks.policy.witnesses.some(({ verifier }) => sameVerifier(verifier, key));
    return [{ key, known }, `${key.name}${known ? '' : ' (not in your policy: check that this is its key)'}`];
  });
  checks.run('forged line', () => {
    const { name, id } = witness.key;
    if (!parseNote(head.note).lines.some((line) => line.name === name && line.id === id))
      throw refuse('proof-failed', `the note has no line by ${name}`);
    if (cosignatureOf(head, witness.key, checks) !== undefined)
      throw refuse('proof-failed', `the line by ${name} verifies`);
    return [undefined, `the line by ${name} does not verify`];
  });
  return {
    what: `a head of ${checks.origin} carries a false cosignature in the name of ${witness.key.name}`,
    proven: false,
    proves: [
      `the log signed the head of ${head.checkpoint.size} entries`,
      `the line in the name of ${witness.key.name} was not made with that key`,
    ],
    reports: [
      'that the log served the note so: anybody can add a line to a note',
      ...(witness.known ? [] : ['that the vkey is that witness’s']),
    ],
    blames: 'the log, the network between, or the watcher who reports it; not the witness',
  };
}

export function tamperedData(checks: Checks, evidence: Of<'tampered-data'>): Shown {
  const { checkpoint } = checks.head('head', evidence.head);
  checks.run('path', () => {
    const { level, index } = parseTilePath(evidence.path);
    if (tileWidthAt(level, index, checkpoint.size) === 0)
      throw refuse('proof-failed', `a tree of ${checkpoint.size} entries has no such file`);
    return [undefined, `${evidence.path} belongs to the tree of ${checkpoint.size} entries`];
  });
  return {
    what: `${checks.origin} is said to have served ${evidence.path} with bytes that are not under its signed root`,
    proven: false,
    proves: [`the log signed a tree of ${checkpoint.size} entries, and ${evidence.path} is a part of it`],
    reports: ['that these bytes were served there', 'that they do not hash to the signed root'],
    blames: 'the log, its store, the network between, or the watcher who reports it',
  };
}
