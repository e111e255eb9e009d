/** A `HeadMemory` in a directory: the last head of each log, and incidents. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { formatIncident, type Incident } from '../../incident/incident.ts';
import { originHash } from '../../note/checkpoint.ts';
import { codeOf, faultOf } from '../../platform/fault.ts';
import { createFile, replaceFile } from '../../platform/files.ts';
import type { HeadMemory, RememberedHead } from '../ports.ts';

/** Heads and incidents in a directory: `heads/<SHA-256 of the origin>`, `evidence/<origin>-<id>.json`. */
export class HeadFiles implements HeadMemory {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async head(origin: string): Promise<RememberedHead | undefined> {
    const place = this.#pathOf(origin);
    try {
      return { note: await readFile(place), place };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw refuse('config-invalid', `cannot read ${place} (${codeOf(error)})`, { cause: error });
    }
  }

  async remember(origin: string, note: Uint8Array): Promise<void> {
    try {
      await replaceFile(this.#pathOf(origin), note);
    } catch (error) {
      if (faultOf(error) === undefined && !(error instanceof Refusal && error.code === 'store-failed'))
        throw error;
      const why = error instanceof Error ? error.message : String(error);
      const what = `the head cannot be remembered in ${printable(this.#dir)} (${printable(why)})`;
      throw refuse('store-failed', what, { cause: error });
    }
  }

  async keep(incident: Incident): Promise<string> {
    const name = `${originHash(incident.origin).slice(0, 16)}-${incident.id.slice(0, 16)}.json`;
    const file = join(this.#dir, 'evidence', name);
    try {
      // If the incident is stored already, the file stays as it is.
      await createFile(file, formatIncident(incident));
      return file;
    } catch (error) {
      throw refuse('store-failed', `the evidence cannot be kept in ${file} (${codeOf(error)})`, {
        cause: error,
      });
    }
  }

  #pathOf(origin: string): string {
    return join(this.#dir, 'heads', originHash(origin));
  }
}
