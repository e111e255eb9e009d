/** Waits after a deployment until the claims of subjects are proven by a look at their targets that began after it. */
import { deployedAt } from '../appraisal/due.ts';
import { gateSince, type Hindrance } from '../appraisal/gate.ts';
import { deploymentsOf } from '../appraisal/history.ts';
import type { SubjectStatus } from '../appraisal/subject.ts';
import { isAway } from '../bytes/nature.ts';
import type { LogClient } from './client.ts';
import { timer } from './patience.ts';
import type { Snapshot } from './snapshot.ts';
import { statusesOf } from './statuses.ts';

/** Milliseconds between two looks. */
const PAUSE_MS = 2_000;

export interface WaitOptions {
  readonly subjects: readonly string[];
  /** Seconds after which it ends, whatever hinders then. */
  readonly within: number;
  /** Proofs count from the call on, and not from the newest deployment that is marked. */
  readonly fromNow: boolean;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Default: a timer. */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
  /** Called with what hinders when it goes on. */
  readonly onWaiting: (hindrances: readonly Hindrance[]) => void;
}

/** Where everything stood when nothing hindered any more, something failed, or time was up. */
export interface Waited {
  readonly snapshot: Snapshot;
  readonly statuses: readonly SubjectStatus[];
  readonly hindrances: readonly Hindrance[];
  /** Seconds. */
  readonly waited: number;
  /** Subjects of which proofs counted from the call on alone, since no deployment is marked. */
  readonly unmarked: readonly string[];
}

/** Looks again and again; a log that is away is asked again while there is time. Refuses what reading refuses. */
export async function waitUntilProven(
  client: Pick<LogClient, 'snapshot'>,
  { subjects, within, fromNow, now, sleep = timer, onWaiting }: WaitOptions,
): Promise<Waited> {
  const started = Math.floor(now() / 1000);
  const end = started + within;
  for (;;) {
    const found = await lookPatiently(client, subjects, end > now() / 1000);
    if (found !== undefined) {
      const { snapshot, statuses } = found;
      const marked = fromNow ? () => started : lastDeployed;
      const hindrances = statuses.flatMap((each) => gateSince(each, marked(each) ?? started));
      const unmarked = statuses.filter((each) => marked(each) === undefined).map(({ subject }) => subject);
      if (hindrances.length === 0 || snapshot.now >= end || hindrances.some(({ failed }) => failed))
        return { ...found, hindrances, unmarked, waited: snapshot.now - started };
      onWaiting(hindrances);
    }
    await sleep(Math.min(PAUSE_MS, Math.max(50, end * 1000 - now())));
  }
}

async function lookPatiently(
  client: Pick<LogClient, 'snapshot'>,
  subjects: readonly string[],
  hasTime: boolean,
): Promise<Pick<Waited, 'snapshot' | 'statuses'> | undefined> {
  try {
    const snapshot = await client.snapshot();
    return { snapshot, statuses: await statusesOf(snapshot, subjects) };
  } catch (error) {
    if (hasTime && isAway(error)) return undefined;
    throw error;
  }
}

/** POSIX seconds of the newest deployment of the commitment in force; undefined if none is marked. */
function lastDeployed({ history }: SubjectStatus): number | undefined {
  const { inForce } = history;
  const newest = inForce && deploymentsOf(history, inForce.entry.id).at(-1);
  return newest && deployedAt(newest.time, newest.parsed.deployment);
}
