/** `tallystick watch`: looks again and again, tells what changed, and raises alerts. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Refusal } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { originHash } from '../../note/checkpoint.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import type { Context } from '../context.ts';
import { stateDirOf } from '../state.ts';
import type { JsonValue } from '../output.ts';
import type { LogClient } from '../../client/client.ts';
import type { Flags } from '../verb.ts';
import { readingOf, seeEach, unreadableJson } from './asked.ts';
import type { Unreadable } from '../../client/statuses.ts';
import { openAlerts, type Alerts } from './alerts.ts';
import { changesOf, eventOf, type Change } from './changes.ts';
import { logStale } from './notices.ts';
import { signerOf } from './say.ts';
import { isAway } from '../../bytes/nature.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { checkedLine } from './show.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { subjectJson } from '../../appraisal/json.ts';
import { exitOf, worstExit, type Seen } from './seen.ts';
import { tellUnreadable } from './unreadable.ts';
import { Claiming, WATCH_LIMITS, WATCH_ONCE, watchedSubjects, type Watched } from './watched.ts';
import { keyOf, WatchState } from './watchstate.ts';
import { serveMetrics, type Measured } from './watchmetrics.ts';

/** Milliseconds to the next look while subjects are still to be examined. */
const GO_ON_MS = 1_000;

/** Looks once, or until it is told to stop. Resolves with the exit code. */
export async function watch(
  context: Context,
  subjects: readonly string[],
  flags: Flags<'full' | 'notice' | 'once', 'metricsPort', 'monitor'>,
): Promise<number> {
  const { config, output } = context;
  const client = await readingOf(context, flags);
  const notary = flags.on('notice') ? await signerOf(context, 'monitor') : undefined;
  const once = flags.on('once');
  const stop = stopSignal();
  const measured: Measured = { verdicts: [], lookedAt: 0, leftOut: 0, waiting: 0 };
  const metrics = await serveMetrics(context, flags.text('metricsPort'), measured);
  let watching: Watching | undefined;
  let away = false;
  let last: Looked | undefined;
  try {
    for (;;) {
      try {
        const look = await client.snapshot();
        const current = (watching ??= await openWatching(context, look, subjects, { notary, once }));
        const before = last;
        const changes: Change[] = [];
        last = await lookAt(look, subjects, current, async (seen) => {
          changes.push(...(await tell(context, current, seen, client)));
        });
        warnLeftOut(context, last, before);
        await tellUnreadable(context, current, look, last.unreadable);
        measure(context, measured, last);
        away = false;
        if (once) return await finish(context, current, last, changes);
      } catch (error) {
        if (!isAway(error) || once) throw error;
        if (!away) output.warn(awayText(error));
        away = true;
      }
      measured.waiting = watching?.state.waiting ?? 0;
      const goesOn = !away && (last?.unexamined ?? 0) > 0;
      const ms = Math.min(goesOn ? GO_ON_MS : Infinity, config.poll * 1000);
      if (!stop.aborted) await pause(context, ms, stop);
      if (stop.aborted) return stopped(context, watching, last);
    }
  } catch (error) {
    if (error instanceof Refusal && watching !== undefined) await lastWords(context, watching, client, error);
    throw error;
  } finally {
    await watching?.alerts?.close();
    await watching?.state.save();
    await metrics?.close();
  }
}

function awayText(error: unknown): string {
  return `the log cannot be looked at: ${error instanceof Error ? error.message : ''}; trying again`;
}

/** What was seen at one moment. `unreadable`: subjects that could not be; `leftOut`, `unexamined`: as `Watched` has them. */
interface Looked extends Pick<Watched, 'leftOut' | 'unexamined'> {
  readonly look: Snapshot;
  readonly seen: readonly Seen[];
  readonly unreadable: readonly Unreadable[];
}

/** What is known is looked at first, and told before anything new is examined: a flood of subjects delays no news. */
async function lookAt(
  look: Snapshot,
  named: readonly string[],
  { state, claiming, once }: Watching,
  onSeen: (seen: readonly Seen[]) => Promise<void>,
): Promise<Looked> {
  const known = named.length > 0 ? new Set(named) : state.subjects;
  const first = await seeEach(look, [...known]);
  await onSeen(first.seen);
  if (named.length > 0) return { look, ...first, leftOut: 0, unexamined: 0 };
  const limits = once ? WATCH_ONCE : WATCH_LIMITS;
  const { subjects, leftOut, unexamined } = await watchedSubjects(look, known, claiming, limits);
  const more = await seeEach(look, subjects);
  if (more.seen.length > 0) await onSeen(more.seen);
  return {
    look,
    seen: [...first.seen, ...more.seen],
    unreadable: [...first.unreadable, ...more.unreadable],
    leftOut,
    unexamined,
  };
}

/**
 * Also to machines, on stderr: whoever believes that all is watched must not be left to find out. What is not examined
 * yet grows less with each look, and is told once.
 */
function warnLeftOut({ output }: Context, now: Looked, before: Looked | undefined): void {
  const { seen, leftOut, unexamined } = now;
  if (unexamined > 0) {
    if ((before?.unexamined ?? 0) === 0)
      output.warn(`${unexamined} subjects are not examined yet; those that are known are looked at first`);
  } else if (leftOut !== (before?.leftOut ?? 0))
    output.warn(
      leftOut === 0
        ? 'all subjects with claims are watched again'
        : `${leftOut} subjects are not watched, or not yet: ${seen.length} are; name subjects, in several watches`,
    );
}

function measure({ world }: Context, measured: Measured, { seen, unreadable, leftOut }: Looked): void {
  measured.verdicts = verdictsOf(seen);
  measured.leftOut = leftOut + unreadable.length;
  measured.lookedAt = world.now();
}

interface Watching {
  readonly state: WatchState;
  readonly claiming: Claiming;
  /** Subjects that could not be read at the last look, and why. */
  readonly unreadable: Map<string, string>;
  readonly alerts: Alerts | undefined;
  /** Who says in the log what went stale. */
  readonly notary: Signer | undefined;
  /** What is told is part of the one answer. */
  readonly once: boolean;
}

/** What is remembered is told by log and subjects: two watches of different things do not share it. */
async function openWatching(
  context: Context,
  look: Snapshot,
  subjects: readonly string[],
  how: Pick<Watching, 'notary' | 'once'>,
): Promise<Watching> {
  const { origin } = look.view.opened.checkpoint;
  const what = createHash('sha256').update(JSON.stringify(subjects.toSorted())).digest('hex').slice(0, 16);
  const file = join(stateDirOf(context), 'watch', `${originHash(origin).slice(0, 16)}-${what}.json`);
  const state = await WatchState.open(file);
  const alerts = await openAlerts(context, state);
  return { state, claiming: new Claiming(), unreadable: new Map(), alerts, ...how };
}

/** Prints what changed; alerts are on disk before they are sent. */
async function tell(
  context: Context,
  { state, alerts, notary, once }: Watching,
  seen: readonly Seen[],
  client: LogClient,
): Promise<readonly Change[]> {
  const { output, world } = context;
  const changes = changesOf(output, state, seen);
  for (const change of changes) {
    const { claim, standing, type } = change;
    output.print(change.text);
    if (!once) output.event('watch-change', change.data);
    if (alerts !== undefined && type !== undefined)
      state.add(keyOf(change.seen.subject, claim), eventOf(change), type !== 'claim.failed', world.now());
    if (notary !== undefined && standing?.verdict === 'STALE')
      output.note(`notice logged: entry ${await logStale(client, notary, change.seen, standing)}`);
    state.told(change.seen.subject, claim, standing?.verdict);
  }
  await state.save();
  alerts?.wake();
  return changes;
}

/** A log that is caught lying is no reason to fall silent: the receiver hears of it, then the watch ends. */
async function lastWords(
  { world, output }: Context,
  { state, alerts }: Watching,
  { log }: LogClient,
  { code, message }: Refusal,
): Promise<void> {
  if (alerts === undefined) return;
  const name = `watch_${createHash('sha256').update(`${log}\n${code}\n${message}`).digest('hex').slice(0, 40)}`;
  const body = JSON.stringify({
    type: 'watch.ended',
    timestamp: new Date(world.now()).toISOString(),
    data: { log, code, message },
  });
  state.add('', { name, body }, false, world.now());
  await state.save();
  await alerts.settle();
  output.note('the webhook was told');
}

async function finish(
  { output }: Context,
  { state, alerts }: Watching,
  looked: Looked,
  changes: readonly Change[],
): Promise<number> {
  await alerts?.settle();
  output.note(checkedLine(looked.look));
  output.result('watch', { ...lookedJson(looked, state), changes: changes.map(({ data }) => data) });
  const code = worstExit(exitOf(verdictsOf(looked.seen)), looked.unreadable);
  return code === EXIT.ok && looked.leftOut > 0 ? EXIT.quorum : code;
}

/** The end that was asked for says where everything stood when it was looked at last. */
function stopped({ output }: Context, watching: Watching | undefined, looked: Looked | undefined): number {
  if (watching === undefined || looked === undefined) return EXIT.ok;
  output.result('watch', lookedJson(looked, watching.state));
  return looked.leftOut + looked.unreadable.length > 0 ? EXIT.quorum : EXIT.ok;
}

function lookedJson(
  { look, seen, unreadable, leftOut }: Looked,
  { waiting }: WatchState,
): { readonly [key: string]: JsonValue } {
  return {
    ...snapshotJson(look),
    subjects: seen.map(subjectJson),
    unreadable: unreadableJson(unreadable),
    left_out: leftOut,
    undelivered: waiting,
  };
}

function verdictsOf(seen: readonly Seen[]): readonly Verdict[] {
  return seen.flatMap(({ claims }) => claims.map(({ verdict }) => verdict));
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/** Ends early, and leaves no timer behind, when the watch is to stop. */
async function pause({ world }: Context, ms: number, signal: AbortSignal): Promise<void> {
  if (world.sleep !== undefined) return world.sleep(ms);
  return setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
