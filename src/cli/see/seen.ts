/** One subject as a reader sees it now: its verified history, and where its claims stand. */
import { EXIT, Refusal, refuse } from '../../bytes/refusal.ts';
import { printable } from '../../bytes/printable.ts';
import { entryId, type EntryId } from '../../bytes/brand.ts';
import { historyOf, type Declared, type History, type SubjectEntry } from '../../appraisal/history.ts';
import { standingOf, type ClaimStanding } from '../../appraisal/appraise.ts';
import { admit, chainKey, record, type ChainLink, type LoggedEntry } from '../../registration/admit.ts';
import { readsFrom } from '../../appraisal/reach.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import { assertOnce } from '../../statement/once.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import { weighAll } from '../../evidence/weigh.ts';
import type { Look } from './reading.ts';
import { growthOf, headsOf, newestSayings } from './roots.ts';

export interface Seen {
  readonly subject: string;
  /** Everything that was read about it, in the order of the log. */
  readonly entries: readonly SubjectEntry[];
  readonly history: History;
  readonly standings: readonly ClaimStanding[];
  readonly look: Look;
}

const DECLARING: readonly StatementKind[] = ['commitment', 'approval', 'waiver', 'deployment'];

/** Bytes of the proofs of one subject that are read at most: they are held together. */
const MOST_PROOF_BYTES = 67_108_864;
/** Proofs that are read whatever their age: they say what was seen last. */
const LEAST_PROOFS = 16;

/**
 * Sees a subject: what is declared, and of its proofs the newest, as far back as any counts; `least`: so many are read,
 * if there are. Refuses `not-found` when the log has nothing about it, `too-large` when that is more than a reader takes,
 * and `proof-failed` when its entries do not follow from one another: something was left out, or the log admitted what
 * it must not.
 */
export async function see(look: Look, subject: string, least = LEAST_PROOFS): Promise<Seen> {
  const declaring = await readDeclaring(look, subject);
  const early = historyFrom(look, declaring);
  const { proofs, from } = await readProofs(look, subject, early, least);
  const entries = [...declaring, ...proofs].toSorted((a, b) => a.index - b.index);
  const first = declaring.find(({ parsed }) => parsed.kind === 'commitment')?.index;
  assertFollows(look, entries, first === from);
  const history = historyFrom(look, entries);
  const inForce = history.inForce ?? history.pending;
  const sayings = inForce === undefined ? [] : newestSayings(history.proofs, inForce.entry.id);
  const weighed =
    inForce && (await weighAll(sayings, { declaration: inForce.declaration, subject }, entries));
  const standings = standingOf(history, {
    now: look.now,
    behind: look.behind,
    headTime: look.headTime,
    origin: look.view.opened.checkpoint.origin,
    isHead: await headsOf(sayings, look.view, look.tiles),
    loggedAt: await growthOf(sayings, entries, look),
    revokedSince: (kid) => look.policies.revokedSince(kid),
    evidenceFault: (_, result) => weighed?.get(result)?.fault,
    unchecked: (_, result) => weighed?.get(result)?.unchecked,
  });
  return { subject, entries, history, standings, look };
}

/**
 * The proofs that may count, and from which index on they were read: those of what went before tell nothing of what is in
 * force, and those that are out of date change no verdict (appraisal/reach.ts).
 */
async function readProofs(
  look: Look,
  subject: string,
  { inForce, pending }: History,
  least: number,
): Promise<{ readonly proofs: readonly SubjectEntry[]; readonly from: number }> {
  const declared = [inForce, pending].filter((each) => each !== undefined);
  if (declared.length === 0) return { proofs: [], from: Infinity };
  let from = Math.min(...declared.map(({ entry }) => entry.index));
  const since = Math.min(...declared.map((each) => readsFrom(each, look.now)));
  const proofs = await look.newest({ subject, kind: 'proof' }, ({ index, time }, taken) => {
    if (index < from) return true;
    if (taken < least || time >= since) return false;
    from = index + 1;
    return true;
  });
  const bytes = proofs.reduce((sum, { parsed }) => sum + parsed.entry.length, 0);
  if (bytes <= MOST_PROOF_BYTES) return { proofs, from };
  throw refuse(
    'too-large',
    `the proofs about "${printable(subject)}" that may count have ${bytes} bytes; it is left out`,
  );
}

/** What is declared about a subject, proofs unread. Refuses as `see` does. */
export async function historySeen(look: Look, subject: string): Promise<History> {
  const declaring = await readDeclaring(look, subject);
  assertFollows(look, declaring, true);
  return historyFrom(look, declaring);
}

async function readDeclaring(look: Look, subject: string): Promise<readonly SubjectEntry[]> {
  const lists = await Promise.all(DECLARING.map((kind) => look.entries({ subject, kind })));
  const declaring = lists.flat().toSorted((a, b) => a.index - b.index);
  if (declaring.length > 0) return declaring;
  throw refuse('not-found', `the log has no commitment about "${printable(subject)}"`);
}

/** The history of a subject under the policies of a look. */
export function historyFrom({ policies }: Look, entries: readonly SubjectEntry[]): History {
  return historyOf(entries, (kid) => policies.revokedSince(kid));
}

/**
 * Admission, repeated from the entries alone: a commitment or a link of a chain that was left out shows here.
 * `whole`: there can be no proofs before those that were read.
 */
function assertFollows({ policies }: Look, entries: readonly SubjectEntry[], whole: boolean): void {
  assertOnce(entries);
  const chains = new Map<string, ChainLink>();
  const facts = { commitments: new Map<EntryId, LoggedEntry>(), chains };
  for (const { index, id, parsed } of entries) {
    if (parsed.kind === 'proof') {
      const { seq, prev } = parsed.proof;
      const key = chainKey(parsed.kid, parsed.subject);
      // The chain may have begun before what is read here.
      if (!whole && !chains.has(key) && prev !== undefined)
        chains.set(key, { seq: seq - 1, id: entryId(prev.toHex()) });
    }
    try {
      const admission = admit(policies.rulesAt(index), parsed, facts, undefined);
      record(facts, id, parsed, admission);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw refuse(
        'proof-failed',
        `entry ${index} does not follow from those that the log's search names (${error.code}): something was left ` +
          'out, or the log admitted what it must not; read everything with --full, or ask a --monitor',
        { cause: error },
      );
    }
  }
}

/** The commitment that standings are of. */
export function commitmentOf({ history }: Pick<Seen, 'history'>): Declared | undefined {
  return history.inForce ?? history.pending;
}

const FAILED: ReadonlySet<Verdict> = new Set(['VIOLATED', 'CONTRADICTED', 'REVOKED']);

/** 0 when all are PROVEN or WAIVED, 3 when one failed, 5 when one is not known. */
export function exitOf(verdicts: readonly Verdict[]): number {
  if (verdicts.some((each) => FAILED.has(each))) return EXIT.verification;
  return verdicts.every((each) => each === 'PROVEN' || each === 'WAIVED') ? EXIT.ok : EXIT.quorum;
}

/** The exit code of verdicts, and of subjects that could not be read: 0 is left to those who saw everything. */
export function worstExit(code: number, unreadable: readonly { readonly refusal: Refusal }[]): number {
  const codes = [code, ...unreadable.map(({ refusal }) => refusal.exit)];
  return [EXIT.splitView, EXIT.verification].find((each) => codes.includes(each)) ?? Math.max(...codes);
}

/** The worst of several verdicts, for a summary. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return WORST.find((each) => verdicts.includes(each));
}

const WORST: readonly Verdict[] = [
  'CONTRADICTED',
  'VIOLATED',
  'REVOKED',
  'STALE',
  'UNKNOWN',
  'WAIVED',
  'PROVEN',
];

/** Whether a name means an entry: its index, its id, or eight digits or more that the id begins with. */
export function isNamed(
  { index, id }: { readonly index: number; readonly id: string },
  name: string,
): boolean {
  return String(index) === name || (name.length >= 8 && id.startsWith(name));
}
