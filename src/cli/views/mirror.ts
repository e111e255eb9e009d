/** What `tallystick mirror` prints: when it starts, and after each sync. */
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { natureOf } from '../../bytes/nature.ts';
import { printable } from '../../bytes/printable.ts';
import type { Refusal } from '../../bytes/refusal.ts';
import type { Mirror, Synced } from '../../mirror/mirror.ts';
import type { Context } from '../frame/context.ts';
import { pagesLine } from './pages-line.ts';
import { messageOf } from '../frame/remedy.ts';

/** The banner's text, without a newline at the end. */
export function mirrorBanner(
  { config, output }: Context,
  { url: log, dir }: { readonly url: string; readonly dir: string },
  { held, size }: Mirror,
  url: string | undefined,
): string {
  const name = held === undefined ? log : held.opened.checkpoint.origin;
  return [
    output.paint('bold', `Tallystick mirror of ${printable(name, 255)}`),
    `  log        ${log}`,
    ...(url === undefined ? [] : [`  URL        ${url}`, ...pagesLine(config, url)]),
    `  entries    ${held === undefined ? 'none yet' : size}`,
    `  directory  ${resolve(dir)}`,
  ].join('\n');
}

/** Prints the result of one sync. */
export function reportSynced(
  { output }: Context,
  { dir, check }: { readonly dir: string; readonly check: boolean },
  { held, url }: Mirror,
  synced: Synced,
): void {
  const checkpoint = held?.opened.checkpoint;
  output.result('mirror', {
    origin: checkpoint?.origin ?? null,
    url,
    directory: dir,
    kind: synced.kind,
    from: synced.from,
    size: synced.size,
    root: checkpoint?.root.toHex() ?? null,
    fetched: synced.fetched,
    repaired: synced.repaired,
  });
  output.print(`${output.paint('green', '✓')} ${dir}: ${told(synced, check)}`);
  if (synced.keysFault !== undefined) output.note(`receipt keys: ${printable(synced.keysFault, 1000)}`);
}

function told({ kind, from, size, fetched, repaired }: Synced, checked: boolean): string {
  const what = checked
    ? `${size} entries checked, ${repaired} files repaired`
    : kind === 'advanced'
      ? `${size - from} new entries, ${size} in all (${fetched} files)`
      : `up to date at ${size} entries`;
  return kind === 'older' ? `${what}; the log shows an older head of the same history` : what;
}

/** Log lines about a sync of a mirror that keeps running. */
export function tellSynced(logger: Logger, { kind, size, keysFault }: Synced): void {
  if (kind === 'advanced') logger.info({ size }, 'synced');
  if (keysFault !== undefined) logger.warn({ why: printable(keysFault, 1000) }, 'receipt keys not taken');
}

export function tellFailed(logger: Logger, refusal: Refusal): void {
  const { code } = refusal;
  const line = { code, why: printable(messageOf(refusal), 1000) };
  const nature = natureOf(code);
  if (nature === 'lie') logger.fatal(line, 'the log showed two histories');
  else if (nature === 'away' || nature === 'absent') logger.warn(line, 'the log cannot be followed just now');
  else logger.error(line, 'what the log shows was refused');
}
