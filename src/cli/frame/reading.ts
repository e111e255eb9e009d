/** Flags that the verbs that read subjects share: --monitor, --full (how much to read) and --leaves. */
import { join, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import type { LogClient } from '../../client/client.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { readShownLeaves } from '../../declare/node/openedleaves.ts';
import type { OpenedFile } from '../../declare/opened.ts';
import { slugOf } from '../../declare/node/proofs.ts';
import { clientOf, type Whom } from './client.ts';
import { logUrl } from './config.ts';
import type { Context } from './context.ts';
import { asUsage } from '../../bytes/within.ts';
import { proofsFolderOf } from './state.ts';
import type { FlagsOf, VerbOption } from './verb.ts';

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
export function readingOf(context: Context, flags: SeeFlags, whom?: Whom, many = false): Promise<LogClient> {
  const monitors = flags.texts('monitor');
  for (const url of monitors)
    if (!/^https?:\/\/\S+$/.test(url)) throw refuse('usage', `--monitor takes an http(s) URL; got ${url}`);
  const full = flags.on('full');
  const asked = { ...whom, monitors, full };
  return full || many ? clientReading(context, asked) : clientOf(context, asked);
}

/**
 * A snapshot of the log, or of the bundle, that the flags name. `many`: many entries will be read, whatever the flags say. Refuses
 * as `readingOf` and `LogClient.snapshot` do.
 */
export async function snapshotOf(context: Context, flags: SeeFlags, many = false): Promise<Snapshot> {
  const log = logUrl(context.config);
  if (log.startsWith('file:') && log.endsWith('.zip')) {
    const { bundleAt } = await import('./bundle-source.ts');
    return bundleAt(context, log);
  }
  return (await readingOf(context, flags, undefined, many)).snapshot();
}

/** A client for reading many entries: it starts the fast kernels, which pay off then. */
export async function clientReading(context: Context, whom: Whom = {}): Promise<LogClient> {
  const { chooseHasher, chooseVerifier } = await import('../../workers/kernels.ts');
  return clientOf(context, { ...whom, verify: chooseVerifier(), hasher: chooseHasher() });
}

export const LEAVES_OPTION = {
  flags: '--leaves <file>',
  help: "leaves that were opened: leaves.json or opening.json of commit, disclosure.json of disclose, openings.json; repeat for several (the subject's proof directory is looked in)",
  many: true,
} as const satisfies VerbOption;

/** The leaves in the files named and in the subject's proof directory. Refuses `not-found`, `usage`. */
export function ownLeaves(
  context: Context,
  subject: string,
  flags: FlagsOf<readonly [typeof LEAVES_OPTION]>,
): Promise<readonly OpenedFile[]> {
  const named = flags.texts('leaves').map((path) => resolve(context.world.cwd, path));
  const folder = join(proofsFolderOf(context), slugOf(subject));
  return asUsage(() => readShownLeaves(subject, folder, named));
}
