/** One subject as a reader sees it now: its verified history, and where its claims stand. */
import { EXIT, Refusal, refuse } from '../../bytes/refusal.ts';
import { printable } from '../../bytes/printable.ts';
import { entryId, type EntryId } from '../../bytes/brand.ts';
import { historyOf, type Declared, type History, type SubjectEntry } from '../../appraisal/history.ts';
import { standingOf, type ClaimStanding } from '../../appraisal/appraise.ts';
import { admit, chainKey, record, type ChainLink, type LoggedEntry } from '../../registration/admit.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import { assertOnce } from '../../statement/once.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import { weighAll } from './evidence.ts';
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

/** Proofs of one commitment that are read at most, the newest: years of hourly ones. */
const MOST_PROOFS = 20_000;

/**
 * Sees a subject. Refuses `not-found` when the log has nothing about it, and `proof-failed` when its entries do not
 * follow from one another: something was left out, or the log admitted what it must not.
 */
export async function see(look: Look, subject: string): Promise<Seen> {
  const declaring = await readDeclaring(look, subject);
  const early = historyFrom(look, declaring);
  // Proofs of what went before tell nothing of what is in force.
  const from = Math.min(early.inForce?.entry.index ?? Infinity, early.pending?.entry.index ?? Infinity);
  const proofs = Number.isFinite(from) ? await look.entries({ subject, kind: 'proof' }, from) : [];
  if (proofs.length > MOST_PROOFS)
    throw refuse(
      'too-large',
      `the commitment about ${printable(subject)} has ${proofs.length} proofs; supersede it`,
    );
  const entries = [...declaring, ...proofs].toSorted((a, b) => a.index - b.index);
  const first = declaring.find(({ parsed }) => parsed.kind === 'commitment')?.index;
  assertFollows(look, entries, first === from);
  const history = historyFrom(look, entries);
  const inForce = history.inForce ?? history.pending;
  const sayings = inForce === undefined ? [] : newestSayings(history.proofs, inForce.entry.id);
  const weighed = inForce && (await weighAll(sayings, inForce, entries));
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
