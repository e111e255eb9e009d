/**
 * The last head seen of each log, kept between runs: whoever asks a log twice also checks that it kept its
 * word (sumdb's and Rekor's clients do the same). Two heads that are not one history end the run, and are
 * written down as evidence that anyone with the log's key can check.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Conflict } from '../client/compare.ts';
import type { NotedHead } from '../client/history.ts';
import type { LogView } from '../client/view.ts';
import { formatIncident, makeIncident } from '../incident/incident.ts';
import { originHash, parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { formatVkey } from '../note/key.ts';
import { parseNote } from '../note/note.ts';
import { logKeysOf, type TrustPolicy } from '../note/trust.ts';
import type { Context } from './context.ts';
import { codeOf, faultOf } from '../platform/fault.ts';
import { createFile, replaceFile } from '../platform/files.ts';

/** Where clients keep what they remember: --state-dir, else the XDG state directory. */
export function stateDirOf({ config, world: { env } }: Context): string {
  if (config.stateDir !== undefined) return config.stateDir;
  const xdg = env['XDG_STATE_HOME'];
  // XDG Base Directory: a relative path there is to be ignored.
  const base = xdg?.startsWith('/') === true ? xdg : join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(base, 'tallystick');
}

/**
 * Checks a view against the head remembered of its log; the log's signature is enough for that. Refuses
 * `inconsistent`, naming the incident file.
 */
export async function checkRemembered(context: Context, view: LogView, policy: TrustPolicy): Promise<void> {
  const { origin } = view.opened.checkpoint;
  const old = await readRemembered(pathOf(context, origin));
  const found = old && (await brokenWord(view, old));
  if (found !== undefined) throw await accuse(context, origin, policy, found);
}

/** Remembers a view that was checked and accepted, when it is newer than what is remembered. */
export async function remember(context: Context, view: LogView): Promise<void> {
  const { origin, size } = view.opened.checkpoint;
  const path = pathOf(context, origin);
  const old = await readRemembered(path);
  if (old !== undefined && size <= old.head.size) return;
  try {
    await replaceFile(path, view.note);
  } catch (error) {
    if (faultOf(error) === undefined && !(error instanceof Refusal && error.code === 'store-failed'))
      throw error;
    unremembered(context, error);
  }
}

/** Contexts that were told already; once in a run is enough. */
const told = new WeakSet<Context>();

/** A head that cannot be kept takes nothing away from this answer: the next run is only not held to it. */
function unremembered(context: Context, error: unknown): void {
  if (told.has(context)) return;
  told.add(context);
  const why = error instanceof Error ? error.message : String(error);
  const dir = printable(stateDirOf(context));
  context.output.note(
    `the head cannot be remembered in ${dir} (${printable(why)}); name a directory with --state-dir`,
  );
}

function pathOf(context: Context, origin: string): string {
  return join(stateDirOf(context), 'heads', originHash(origin));
}

/** Writes an incident down for others to check, and makes the refusal `inconsistent` that ends the run. */
export async function accuse(
  context: Context,
  origin: string,
  policy: TrustPolicy,
  { evidence, about, what }: Omit<Conflict, 'kind'>,
): Promise<Refusal> {
  const logKeys = logKeysOf(policy, origin);
  const incident = makeIncident({
    origin,
    vkeys: logKeys.map(({ name, type, key }) => formatVkey(name, type, key)),
    detector: 'tallystick client',
    detected: new Date(context.world.now()).toISOString(),
    what,
    about,
    evidence,
  });
  const name = `${originHash(origin).slice(0, 16)}-${incident.id.slice(0, 16)}.json`;
  const file = join(stateDirOf(context), 'evidence', name);
  const text = formatIncident(incident);
  try {
    // Seen again, it stays as it was first seen.
    await createFile(file, text);
  } catch (error) {
    // Two histories are told of also where the evidence cannot be kept; it is on stderr then, for whoever keeps that.
    context.output.warn(
      `the evidence cannot be kept in ${file} (${codeOf(error)}), and is this:\n${text.trimEnd()}`,
    );
    return refuse(
      'inconsistent',
      `${what}; keep what was printed, and check it with \`tallystick verify-incident\``,
    );
  }
  const next = `the evidence is in ${file}: check it with \`tallystick verify-incident\`, and show it to others`;
  return refuse('inconsistent', `${what}; ${next}`);
}

async function brokenWord(view: LogView, old: NotedHead): Promise<Conflict | undefined> {
  const compared = await view.compareWith(old);
  return compared.kind === 'conflict' ? compared : undefined;
}

async function readRemembered(path: string): Promise<NotedHead | undefined> {
  try {
    const note = await readFile(path);
    return { note, head: readCheckpoint(note, path) };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (codeOf(error) === 'ENOENT') return undefined;
    throw refuse('config-invalid', `cannot read ${path} (${codeOf(error)})`, { cause: error });
  }
}

function readCheckpoint(note: Uint8Array, path: string): Checkpoint {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch (error) {
    throw refuse('config-invalid', `${path} is damaged; delete it, and the next head seen is remembered`, {
      cause: error,
    });
  }
}
