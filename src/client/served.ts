/**
 * What a log serves, as whoever walks all of it hears it. Two ways to fail are kept apart: a log that cannot be reached or
 * answers in fragments is an outage; whole bytes that are not what was signed are an alarm.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { TileReader } from './tiles.ts';

/** How often what does not fit is fetched before it counts as served so. */
export const LOOKS = 2;

/** Nothing usable came: an outage, never an alarm. `gone`: the log says that there is no such thing. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly gone: boolean;

  constructor(why: string, gone = false, options?: ErrorOptions) {
    super(why, options);
    this.gone = gone;
  }

  /** Something came, and it is noise or a piece of what was asked for. */
  static malformed(why: string): Unreachable {
    return new Unreachable(why, false, { cause: refuse('malformed-tile', why) });
  }
}

/** What was served, whole and twice, is not what the signed root covers. */
export class Tampered extends Error {
  override readonly name = 'Tampered';
  /** Path below the log's prefix. */
  readonly path: string;
  /** The same for every width of the place, so that a growing log is not a new incident each time. */
  readonly place: string;
  readonly served: Uint8Array;
  /** Of the tree whose root it does not make. */
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

/** The files of one log. Every method fails as `Unreachable`, whatever a stranger's answer called it. */
export class Served {
  readonly #tiles: TileReader;

  constructor(tiles: TileReader) {
    this.#tiles = tiles;
  }

  /** A signed note that nobody has opened. */
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

/** Whether bytes are the text of a page: what captive portals and failing proxies put in a file's place. */
export function isPage(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
