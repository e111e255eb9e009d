/** `tallystick watch`: looks again and again, tells what changed, and raises alerts. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EXIT, Refusal } from '../../bytes/refusal.ts';
import type { ClaimStanding } from '../../claim/standing.ts';
import { originHash } from '../../note/checkpoint.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import type { Context } from '../context.ts';
import { stateDirOf } from '../heads.ts';
import type { Session } from '../session.ts';
import type { Flags } from '../verb.ts';
import { readingOf, seeAll } from './asked.ts';
import { openAlerts, type Alerts } from './alerts.ts';
import { logStale } from './notices.ts';
import { signerOf } from './say.ts';
import { isAway, type Look, type Reading } from './reading.ts';
import { changeLine, checkedLine, claimJson, lookJson, subjectJson } from './show.ts';
import { exitOf, type Seen } from './seen.ts';
import { WatchState } from './watchstate.ts';
import { serveMetrics, type Measured } from './watchmetrics.ts';

/** Subjects that are watched when none is named: those with the newest commitments. */
const MOST_SUBJECTS = 100;

/** Verdicts that somebody must hear of. */
const ALERTING: ReadonlySet<Verdict> = new Set(['VIOLATED', 'CONTRADICTED', 'STALE', 'REVOKED']);

/** Looks once, or until it is told to stop. Resolves with the exit code. */
export async function watch(context: Context, subjects: readonly string[], flags: Flags): Promise<number> {
  const { config, output, world } = context;
  const reading = await readingOf(context, flags);
  const notary = flags.on('notice') ? await signerOf(context, 'monitor') : undefined;
  const stop = stopSignal();
  const measured: Measured = { verdicts: [], lookedAt: 0, waiting: 0 };
  const metrics = await serveMetrics(context, flags.text('metricsPort'), measured);
  let watching: Watching | undefined;
  let away = false;
  try {
    for (;;) {
      try {
        const look = await reading.look();
        watching ??= await openWatching(context, look, subjects, notary);
        const seen = await seeAll(look, await subjectsOf(look, subjects));
        await tell(context, watching, seen, reading.session);
        measured.verdicts = seen.flatMap((each) => each.standings.map(({ verdict }) => verdict));
        measured.lookedAt = world.now();
        away = false;
        if (flags.on('once')) return await finish(context, watching, look, seen);
      } catch (error) {
        if (!isAway(error) || flags.on('once')) throw error;
        if (!away)
          output.warn(
            `the log cannot be looked at: ${error instanceof Error ? error.message : ''}; trying again`,
          );
        away = true;
      }
      measured.waiting = watching?.state.waiting ?? 0;
      if (stop.aborted) return EXIT.ok;
      await pause(context, config.poll * 1000, stop);
      if (stop.aborted) return EXIT.ok;
    }
  } catch (error) {
    if (error instanceof Refusal && watching !== undefined)
      await lastWords(context, watching, reading, error);
    throw error;
  } finally {
    await watching?.alerts?.close();
    await watching?.state.save();
    await metrics?.close();
  }
}

interface Watching {
  readonly state: WatchState;
  readonly alerts: Alerts | undefined;
  /** Who says in the log what went stale. */
  readonly notary: Signer | undefined;
}

/** What is remembered is told by log and subjects: two watches of different things do not share it. */
async function openWatching(
  context: Context,
  look: Look,
  subjects: readonly string[],
  notary: Signer | undefined,
): Promise<Watching> {
  const { origin } = look.view.opened.checkpoint;
  const what = createHash('sha256').update(JSON.stringify(subjects.toSorted())).digest('hex').slice(0, 16);
  const file = join(stateDirOf(context), 'watch', `${originHash(origin).slice(0, 16)}-${what}.json`);
  const state = await WatchState.open(file);
  return { state, alerts: await openAlerts(context, state), notary };
}

async function subjectsOf(look: Look, named: readonly string[]): Promise<readonly string[]> {
  if (named.length > 0) return named;
  const rows = (await look.list({ kind: 'commitment' })).toReversed();
  return [...new Set(rows.map(({ subject }) => subject))].slice(0, MOST_SUBJECTS);
}

/** Prints what changed; alerts are on disk before they are sent. */
async function tell(
  context: Context,
  { state, alerts, notary }: Watching,
  seen: readonly Seen[],
  session: Session,
): Promise<void> {
  const { output, world } = context;
  const claims = new Set<string>();
  for (const each of seen)
    for (const standing of each.standings) {
      const { verdict, claim } = standing;
      const key = `${each.subject}\n${claim.id}`;
      claims.add(key);
      const before = state.verdictOf(key);
      if (verdict === before) continue;
      output.print(changeLine(output, each, standing, before));
      const recovered = (verdict === 'PROVEN' || verdict === 'WAIVED') && state.isAlerted(key);
      if (alerts !== undefined && (recovered || ALERTING.has(verdict)))
        state.add(key, eventOf(each, standing, before, recovered), recovered, world.now());
      if (notary !== undefined && verdict === 'STALE')
        output.note(`notice logged: entry ${await logStale(session, notary, each, standing)}`);
      state.told(key, verdict);
    }
  state.keepOnly(claims);
  await state.save();
  alerts?.wake();
}

/** The same change has the same name, also to another watch: receivers see it once. */
function eventOf(seen: Seen, standing: ClaimStanding, before: Verdict | undefined, recovered: boolean) {
  const { look, subject } = seen;
  const { proof, claim, verdict, due } = standing;
  const { origin } = look.view.opened.checkpoint;
  const about = [origin, subject, claim.id, verdict, proof?.id ?? '', String(due)].join('\n');
  const body = JSON.stringify({
    type: recovered ? 'claim.recovered' : 'claim.failed',
    timestamp: new Date(look.now * 1000).toISOString(),
    data: {
      ...lookJson(look),
      subject,
      before: before ?? null,
      commitment: seen.history.inForce?.entry.id ?? null,
      ...claimJson(standing),
    },
  });
  return { name: `claim_${createHash('sha256').update(about).digest('hex').slice(0, 40)}`, body };
}

/** A log that is caught lying is no reason to fall silent: the receiver hears of it, then the watch ends. */
async function lastWords(
  { world, output }: Context,
  { state, alerts }: Watching,
  { session }: Reading,
  { code, message }: Refusal,
): Promise<void> {
  if (alerts === undefined) return;
  const name = `watch_${createHash('sha256').update(`${session.log}\n${code}\n${message}`).digest('hex').slice(0, 40)}`;
  const body = JSON.stringify({
    type: 'watch.ended',
    timestamp: new Date(world.now()).toISOString(),
    data: { log: session.log, code, message },
  });
  state.add('', { name, body }, false, world.now());
  await state.save();
  await alerts.settle();
  output.note('the webhook was told');
}

async function finish(
  { output }: Context,
  { state, alerts }: Watching,
  look: Look,
  seen: readonly Seen[],
): Promise<number> {
  await alerts?.settle();
  output.note(checkedLine(look));
  output.result('watch', { ...lookJson(look), subjects: seen.map(subjectJson), undelivered: state.waiting });
  return exitOf(seen.flatMap(({ standings }) => standings.map(({ verdict }) => verdict)));
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
