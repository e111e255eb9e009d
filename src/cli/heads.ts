/**
 * The last head seen of each log, kept between runs: whoever asks a log twice also checks that it kept its
 * word (sumdb's and Rekor's clients do the same). Two heads that are not one history end the run, and are
 * written down as evidence that anyone with the log's key can check.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import type { LogView } from '../client/view.ts';
import { originHash, parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { parseNote } from '../note/note.ts';
import type { Context } from './context.ts';
import { codeOf, replaceFile } from './files.ts';

/** Where clients keep what they remember: --state-dir, else the XDG state directory. */
export function stateDirOf({ config, world: { env } }: Context): string {
  if (config.stateDir !== undefined) return config.stateDir;
  const xdg = env['XDG_STATE_HOME'];
  // XDG Base Directory: a relative path there is to be ignored.
  const base = xdg?.startsWith('/') === true ? xdg : join(env['HOME'] ?? homedir(), '.local', 'state');
  return join(base, 'tallystick');
}

/**
 * Checks a view against the head remembered of its log, and remembers it when it is newer. Refuses
 * `inconsistent`, naming the evidence file.
 */
export async function checkRemembered(context: Context, view: LogView): Promise<void> {
  const { origin, size } = view.opened.checkpoint;
  const folder = stateDirOf(context);
  const path = join(folder, 'heads', originHash(origin));
  const note = await readRemembered(path);
  if (note === undefined) return replaceFile(path, view.note);
  const old = readCheckpoint(note, path);
  try {
    await assertKept(view, old);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'inconsistent') throw error;
    const file = join(folder, 'evidence', `${originHash(origin).slice(0, 16)}-${old.size}-${size}.json`);
    const evidence = {
      schema: 'tallystick.split-view.v1',
      origin,
      what: error.message,
      heads: [note, view.note].map(decodeUtf8),
    };
    await replaceFile(file, `${JSON.stringify(evidence, undefined, 2)}\n`);
    throw refuse('inconsistent', `${error.message}; both signed heads are in ${file}: show them to others`, {
      cause: error,
    });
  }
  if (size > old.size) await replaceFile(path, view.note);
}

/** A smaller head may come from a cache; then what was seen of the larger tree is still served. */
async function assertKept(view: LogView, old: Checkpoint): Promise<void> {
  try {
    await view.assertOneHistory(old);
  } catch (error) {
    const gone = error instanceof Refusal && error.code === 'not-found' && view.head.size < old.size;
    if (!gone) throw error;
    const what = `the log went back from ${old.size} entries to ${view.head.size}, and no longer serves the rest`;
    throw refuse('inconsistent', what, { cause: error });
  }
}

async function readRemembered(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
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
