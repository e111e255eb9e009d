/** What the verbs that look at claims share on the command line. */
import { refuse } from '../../bytes/refusal.ts';
import type { Context } from '../context.ts';
import type { Whom } from '../session.ts';
import type { SettingName } from '../settings.ts';
import type { Flags, VerbOption } from '../verb.ts';
import { Reading, type Look } from './reading.ts';
import { see, type Seen } from './seen.ts';

export const SEE_SETTINGS: readonly SettingName[] = [
  'log',
  'url',
  'host',
  'port',
  'vkey',
  'logOrigin',
  'policy',
  'dataDir',
  'stateDir',
  'peer',
];

export const SEE_OPTIONS: readonly VerbOption[] = [
  {
    flags: '--monitor <url>',
    help: 'a monitor whose verified copy must name nothing that the log leaves out; repeat for several',
    many: true,
  },
  { flags: '--full', help: 'read the whole log, so that nothing can be left out' },
];

/** Opens the log as the flags say. Refuses `usage`, and what `Session.open` refuses. */
export function readingOf(context: Context, flags: Flags, whom?: Whom): Promise<Reading> {
  const monitors = flags.texts('monitor');
  for (const url of monitors)
    if (!/^https?:\/\/\S+$/.test(url)) throw refuse('usage', `--monitor takes an http(s) URL; got ${url}`);
  return Reading.open(context, { monitors, full: flags.on('full') }, whom);
}

/** Each subject at the same moment. */
export async function seeAll(look: Look, subjects: readonly string[]): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (const subject of new Set(subjects)) seen.push(await see(look, subject));
  return seen;
}

/** Sleeps by the world's clock. */
export function sleepOf({ world }: Context): (ms: number) => Promise<void> {
  return world.sleep ?? ((ms) => new Promise((resolve) => void setTimeout(resolve, ms)));
}

/** `90`, `90s`, `5m`, `2h`, `7d` as seconds. Refuses `usage`, naming the flag. */
export function durationOf(text: string, flag: string): number {
  const [, digits = '', unit = 's'] = /^([1-9][0-9]{0,7})([smhd])?$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS[unit] ?? 1);
  if (digits !== '' && seconds <= MOST_SECONDS) return seconds;
  throw refuse('usage', `${flag} takes a time such as 90s, 5m, 2h or 7d, a year at most; got ${text}`);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** A year, leap years too: what the flags that take a time allow. */
export const MOST_SECONDS = 366 * 86_400;
