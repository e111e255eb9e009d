/** What the verbs that look at claims share on the command line. */
import { join, resolve as resolvePath } from 'node:path';
import { refuse } from '../../../bytes/refusal.ts';
import type { Context } from '../../frame/context.ts';
import type { JsonValue } from '../../frame/output.ts';
import { clientOf, type Whom } from '../../frame/client.ts';
import type { FlagsOf, VerbOption } from '../../frame/verb.ts';
import type { Snapshot } from '../../../client/snapshot.ts';
import { appraiseEach, type Unreadable } from '../../../client/statuses.ts';
import type { LogClient } from '../../../client/client.ts';
import { appraise, type Appraised } from './appraised.ts';
import { readShownLeaves, type ShownLeaves } from '../../../declare/node/openedleaves.ts';
import { slugOf } from '../../../declare/node/proofs.ts';
import { ownInput } from '../../frame/owninput.ts';
import { proofsFolderOf } from '../../frame/state.ts';

export const SEE_OPTIONS = [
  {
    flags: '--monitor <url>',
    help: 'a monitor whose verified copy must name nothing that the log leaves out; repeat for several',
    many: true,
  },
  { flags: '--full', help: 'read the whole log, so that nothing can be left out' },
] as const satisfies readonly VerbOption[];

export type SeeFlags = FlagsOf<typeof SEE_OPTIONS>;

/** Opens the log as the flags say. Refuses `usage`, and what `clientOf` refuses. */
export function readingOf(context: Context, flags: SeeFlags, whom?: Whom): Promise<LogClient> {
  const monitors = flags.texts('monitor');
  for (const url of monitors)
    if (!/^https?:\/\/\S+$/.test(url)) throw refuse('usage', `--monitor takes an http(s) URL; got ${url}`);
  const full = flags.on('full');
  const asked = { ...whom, monitors, full };
  return full ? clientReading(context, asked) : clientOf(context, asked);
}

/** The leaves that owners have: of the files named, and of the subject's proof directory. Refuses `not-found`, `usage`. */
export function ownLeaves(
  context: Context,
  subject: string,
  files: readonly string[],
): Promise<readonly ShownLeaves[]> {
  const named = files.map((path) => resolvePath(context.world.cwd, path));
  const folder = join(proofsFolderOf(context), slugOf(subject));
  return ownInput(() => readShownLeaves(subject, folder, named));
}

/** A client for whoever reads many entries: the fast kernels are worth their start then. */
export async function clientReading(context: Context, whom: Whom = {}): Promise<LogClient> {
  const { chooseHasher, chooseVerifier } = await import('../../../workers/kernels.ts');
  return clientOf(context, { ...whom, verify: chooseVerifier(), hasher: chooseHasher() });
}

/** Each subject at the same moment. `least`: proofs of each that are read, if there are (`see`). */
export async function seeAll(
  look: Snapshot,
  subjects: readonly string[],
  least?: number,
): Promise<readonly Appraised[]> {
  const seen: Appraised[] = [];
  for (const subject of new Set(subjects)) seen.push(await appraise(look, subject, least));
  return seen;
}

/** As `appraiseEach`, with the look that each was seen at. */
export async function seeEach(
  look: Snapshot,
  subjects: readonly string[],
  onSeen?: (done: number) => void,
): Promise<{ readonly seen: readonly Appraised[]; readonly unreadable: readonly Unreadable[] }> {
  const { statuses, unreadable } = await appraiseEach(look, subjects, onSeen);
  return { seen: statuses.map((each) => ({ ...each, look })), unreadable };
}

/** Fields for machines. */
export function unreadableJson(unreadable: readonly Unreadable[]): JsonValue {
  return unreadable.map(({ subject, refusal: { code, message } }) => ({ subject, code, message }));
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
