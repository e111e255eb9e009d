/**
 * What falls when a key is revoked because somebody else had it (spec/audit.md, "Compromised keys"): from which entry on, and
 * what then no longer counts. A time becomes the size of the newest witnessed head not after it, since the log's own times are
 * its word, and whoever stole a key may have written to the log before anybody noticed.
 *
 *     const since = await compromisedSince(snapshot, { kind: 'time', time });
 *     const fallen = await whatFalls(snapshot, kid, since.size);
 */
import { historyOf } from '../appraisal/history.ts';
import type { WitnessedHead } from '../appraisal/past/types.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatTime } from '../bytes/time.ts';
import type { Asked } from '../client/moment.ts';
import type { Snapshot } from '../client/snapshot.ts';
import { STATEMENT_KINDS, type StatementKind } from '../statement/kinds.ts';

/** From which entry on a key is not to be believed. */
export interface Since {
  /** Entries below this size stay believed. */
  readonly size: number;
  /** The head that a time became; undefined where a size was named. */
  readonly head: WitnessedHead | undefined;
}

/**
 * Refuses `beyond-head` for a size that the log has not reached, `usage` for a time to come, and `not-found` where no witnessed head is
 * that old: then nobody but the log can say what was there, and a size is to be named.
 */
export async function compromisedSince(
  { size, now, heads }: Pick<Snapshot, 'size' | 'now' | 'heads'>,
  asked: Asked,
): Promise<Since> {
  if (asked.kind === 'size') {
    if (asked.size > size)
      throw refuse('beyond-head', `the log has ${size} entries so far; name one of these sizes`);
    return { size: asked.size, head: undefined };
  }
  if (asked.time > now)
    throw refuse('usage', `${formatTime(asked.time)} has not come: it is ${formatTime(now)}`);
  let newest: WitnessedHead | undefined;
  for await (const head of heads.descending(size)) {
    // A notice further down is of a smaller head than the one that was found.
    if (newest !== undefined && (head.index ?? 0) <= newest.size) break;
    if (head.notAfter <= asked.time && head.size > (newest?.size ?? 0)) newest = head;
  }
  if (newest === undefined)
    throw refuse(
      'not-found',
      `no witnessed head is as old as ${formatTime(asked.time)}, so nobody but the log can say what it held then; name a size ` +
        'instead, such as size:812, from what you know of it',
    );
  return { size: newest.size, head: newest };
}

/** Statements of one kind that fall. */
export interface Fallen {
  readonly kind: StatementKind;
  readonly count: number;
  /** More than were counted. */
  readonly more: boolean;
  /** Subjects, of the newest statements first; some of them. */
  readonly subjects: readonly string[];
  /** What that means, one sentence. */
  readonly means: string;
}

/** What changes for the commitments of a subject. Indices of entries; undefined: nothing is in force. */
export interface Effect {
  readonly subject: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** Statements of one kind that are counted, and subjects whose commitments are looked at. */
const MOST_COUNTED = 10_000;
const MOST_SUBJECTS = 20;

const MEANS: Readonly<Record<StatementKind, string>> = {
  policy: 'they stay in force, since every later policy was admitted under them: look at whom they enrolled',
  commitment: 'they no longer count: what they replaced is in force again, unless it was withdrawn',
  approval: 'they no longer count: a commitment that lacks approvals without them loses its effect',
  proof:
    "they read REVOKED; a target's or third party's signature in them (E3, E4) stands, and makes nothing green",
  notice:
    'inventories no longer show that nothing was left out; witnessed heads stay, for their witnesses signed them',
  waiver: 'they no longer count: what they waived shows again',
  deployment: 'they no longer count: deadlines that they began are gone',
  other: 'nothing here rests on them; whoever relies on them must look',
};

/** What a key said from an entry on, by the log's search; kinds of which there is nothing are left out. */
export async function whatFalls(
  snapshot: Pick<Snapshot, 'pages'>,
  kid: string,
  since: number,
): Promise<readonly Fallen[]> {
  const fallen: Fallen[] = [];
  for (const kind of STATEMENT_KINDS) {
    const subjects = new Set<string>();
    let count = 0;
    for await (const { rows } of snapshot.pages({ kid, kind, from: since })) {
      count += rows.length;
      for (const { subject } of rows) if (subjects.size < MOST_SUBJECTS) subjects.add(subject);
      if (count >= MOST_COUNTED) break;
    }
    if (count === 0) continue;
    fallen.push({ kind, count, more: count >= MOST_COUNTED, subjects: [...subjects], means: MEANS[kind] });
  }
  return fallen;
}

/** Which commitments are in force now, and when the key's statements from `since` on fall: of the subjects that change. */
export async function effectsOn(
  snapshot: Pick<Snapshot, 'entries' | 'context'>,
  kid: string,
  since: number,
  fallen: readonly Fallen[],
): Promise<readonly Effect[]> {
  const said = fallen.filter(({ kind }) => kind === 'commitment' || kind === 'approval');
  const subjects = [...new Set(said.flatMap((each) => each.subjects))].slice(0, MOST_SUBJECTS);
  const { revokedSince } = snapshot.context;
  const fell = (each: string): number | undefined =>
    each === kid ? Math.min(since, revokedSince(each) ?? Infinity) : revokedSince(each);
  const effects: Effect[] = [];
  for (const subject of subjects) {
    const kinds = ['commitment', 'approval'] as const;
    const read = await Promise.all(kinds.map((kind) => snapshot.entries({ subject, kind })));
    const entries = read.flat().toSorted((a, b) => a.index - b.index);
    const [before, after] = [revokedSince, fell].map((rule) => historyOf(entries, rule).inForce?.entry.index);
    if (before !== after) effects.push({ subject, before, after });
  }
  return effects;
}
