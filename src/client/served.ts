/**
 * Reads the files of a log for a walk of the whole log, and distinguishes two kinds of failure. If the log cannot be
 * reached, or its answers are incomplete, that is an outage (`Unreachable`). If complete bytes differ from what was
 * signed, that is an alarm (`Tampered`).
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { TileReader } from './tiles.ts';

/** How often a file that does not match is fetched before it counts as tampered. */
export const LOOKS = 2;

/** No usable answer came: an outage, never an alarm. `gone`: the log states that the file does not exist. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly gone: boolean;

  constructor(why: string, gone = false, options?: ErrorOptions) {
    super(why, options);
    this.gone = gone;
  }

  /** An answer came that is malformed or incomplete. */
  static malformed(why: string): Unreachable {
    return new Unreachable(why, false, { cause: refuse('malformed-tile', why) });
  }
}

/** A file was served complete, twice, and does not match the signed root. */
export class Tampered extends Error {
  override readonly name = 'Tampered';
  /** Path below the log's prefix. */
  readonly path: string;
  /** Names the tile or bundle without its width, so that the same fault in a growing log stays one incident. */
  readonly place: string;
  readonly served: Uint8Array;
  /** Size of the tree whose root it does not match. */
  readonly size: number;

  constructor(size: number, path: string, place: string, served: Uint8Array, what: string) {
    super(what);
    this.size = size;
    this.path = path;
    this.place = place;
    this.served = served;
  }
}

/** Tiles and bundles of one log, as they are served. */
export type ServedFiles = Pick<Served, 'tile' | 'bundle'>;

/** The files of one log. Every method fails as `Unreachable`, whatever refusal the answer caused. */
export class Served {
  readonly #tiles: TileReader;

  constructor(tiles: TileReader) {
    this.#tiles = tiles;
  }

  /** The signed note as served; nothing is verified. */
  checkpoint(): Promise<Uint8Array> {
    return heard(this.#tiles.checkpoint());
  }

  /** The first `width` hashes of a tile, as served. */
  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const bytes = await heard(this.#tiles.tile(level, index, width));
    if (isPage(bytes)) throw Unreachable.malformed('the log answered with a page of text instead of a tile');
    return bytes;
  }

  /** A bundle's bytes, as served. */
  bundle(index: number, width: number): Promise<Uint8Array> {
    return heard(this.#tiles.bundleBytes(index, width));
  }
}

async function heard<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const gone = error.code === 'not-found' || error.code === 'beyond-head';
    throw new Unreachable(error.message, gone, { cause: error });
  }
}

/** Whether bytes are the text of a web page, as captive portals and failing proxies send in place of a file. */
export function isPage(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
