/**
 * The evidence that a witness stores: one file for each incident, complete or absent, never overwritten, and at most
 * `MAX_INCIDENTS`. A failure to store one is reported, and stops nothing.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { splitView, type SplitView } from '../client/history.ts';
import { aboutSplit } from '../incident/about.ts';
import { formatIncident, makeIncident } from '../incident/incident.ts';
import { parseCheckpoint } from '../note/checkpoint.ts';
import { formatNote } from '../note/note.ts';
import { createFile, makeFolder } from '../platform/files.ts';
import type { KnownLog } from './logs.ts';
import type { Contradiction } from './round.ts';
import { formatMilliseconds } from '../bytes/time.ts';

/** Most files kept: a log that signs whatever it is asked to could make any number. */
const MAX_INCIDENTS = 1000;

export interface IncidentOptions {
  readonly dir: string;
  /** The witness's name. */
  readonly detector: string;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
  readonly onWarning: (message: string) => void;
}

export class IncidentFiles {
  readonly #options: IncidentOptions;
  #count: number;

  constructor(options: IncidentOptions) {
    this.#options = options;
    this.#count = existsSync(options.dir)
      ? readdirSync(options.dir).filter((name) => name.endsWith('.json')).length
      : 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Stores two roots of one size, both signed by the log. */
  async contradiction({ request, held }: Contradiction): Promise<void> {
    const { log, checkpoint, text, lines } = request;
    if (held === undefined) {
      this.#options.onWarning(
        `${log.origin} signed another root of size ${checkpoint.size} than was cosigned`,
      );
      return;
    }
    const [cosigned, shown] = [parseCheckpoint(held.text), checkpoint];
    const evidence = splitView(
      { note: formatNote(held.text, held.lines), head: cosigned },
      { note: formatNote(text, lines), head: shown },
      {},
    );
    await this.splitView(log, aboutSplit(cosigned, shown), evidence);
  }

  /** Stores a split view; resolves with the file's name, whether it is new or existed. */
  async splitView(log: KnownLog, about: string, evidence: SplitView): Promise<string> {
    const { detector, now, dir, onWarning } = this.#options;
    const incident = makeIncident({
      origin: log.origin,
      vkeys: log.vkeys,
      detector,
      detected: formatMilliseconds(now()),
      what: `The log ${log.origin} signed two trees that are no one history.`,
      about,
      evidence,
    });
    const name = `${incident.id}.json`;
    try {
      if (existsSync(join(dir, name))) return name;
      if (this.#count >= MAX_INCIDENTS) {
        onWarning(`${MAX_INCIDENTS} incidents are kept already; this one of ${log.origin} is not`);
        return name;
      }
      await makeFolder(dir, 0o700);
      if (await createFile(join(dir, name), formatIncident(incident))) this.#count++;
      onWarning(`${log.origin} shows two histories: the evidence is in ${join(dir, name)}`);
    } catch (error) {
      onWarning(`evidence against ${log.origin} could not be kept: ${String(error)}`);
    }
    return name;
  }
}
