/** The replay of what is known: proofs count from when they were made, and every revocation counts. Pure. */
import { isOf, type SubjectEntry } from '../history.ts';
import { tell, type Telling } from './differences.ts';
import type { Look } from './known-types.ts';
import type { Known } from './looks.ts';
import { SpanCutter } from './spans.ts';
import { sweep, type SweepEvent } from './sweep.ts';

/** The spans of a claim, and what was told of it. */
export interface Replayed {
  readonly cutter: SpanCutter;
  readonly telling: Telling;
}

/** What is known of each claim: proofs count from when they were made, and every revocation counts. */
export function knownReplay({
  timeline,
  looks,
  revokedSince,
  context,
  record,
}: Known): ReadonlyMap<string, Replayed> {
  const events: (SweepEvent & { readonly index: number })[] = timeline.entries.flatMap(
    ({ known, visible }) => (isOf(known, 'proof') ? [] : [{ index: known.index, at: visible, entry: known }]),
  );
  const byEntry = new Map<string, Look>();
  const untimed = new Map(
    timeline.entries.flatMap(({ known: { index }, stated, bounds }) =>
      stated === undefined ? [[index, bounds.notBefore ?? 0] as const] : [],
    ),
  );
  for (const [claim, list] of looks)
    for (const look of list) {
      byEntry.set(`${look.entry.index} ${claim}`, look);
      events.push({ index: look.entry.index, at: look.at, entry: look.entry, claims: [claim] });
    }
  events.sort((a, b) => a.at - b.at || a.index - b.index);
  const replayed = new Map<string, Replayed>();
  const ofClaim = (claim: string): Replayed => {
    const one = replayed.get(claim) ?? { cutter: new SpanCutter(claim), telling: [] };
    replayed.set(claim, one);
    return one;
  };
  sweep(events, context, revokedSince, record.now, {
    onEntry: ({ index }, _, claims = []) => {
      for (const claim of claims) {
        const look = byEntry.get(`${index} ${claim}`);
        if (look !== undefined) ofClaim(claim).cutter.look(look);
      }
    },
    onState: (claim, at, state, by) => {
      const { cutter, telling } = ofClaim(claim);
      cutter.state(at, state, by && perhapsFrom(by, byEntry.get(`${by.index} ${claim}`), untimed));
      tell(telling, at, state);
    },
  });
  return replayed;
}

/** The lower bound of an entry whose time nobody states. Undefined for a look that says PROVEN: that leaves nothing uncovered. */
function perhapsFrom(
  { index }: SubjectEntry,
  look: Look | undefined,
  untimed: ReadonlyMap<number, number>,
): number | undefined {
  if (look === undefined) return untimed.get(index);
  return look.verdict === 'PROVEN' || look.loggedAt !== undefined ? undefined : (look.bounds.notBefore ?? 0);
}
