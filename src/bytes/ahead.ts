/** Reads ahead: numbered pieces that take a while to come are requested before their turn, and returned in order. */

/** Pieces asked for before their turn, at most. */
const AHEAD = 24;

/** Bytes of pieces that may be on their way or waiting, about (a bundle of the longest entries has 16 MiB). */
const BYTES_AHEAD = 64 * 2 ** 20;

/** Bytes that a piece is assumed to have until the first one has come, and the least that each counts. */
const FIRST_GUESS = 4 * 2 ** 20;
const LEAST_WEIGHT = 65_536;

/**
 * The pieces `from` … `end` − 1. `weigh`: bytes of a piece; the heavier they are, the fewer are read ahead. An error of
 * `read` is thrown when its piece has its turn.
 */
export async function* readAhead<T>(
  from: number,
  end: number,
  read: (index: number) => Promise<T>,
  weigh: (piece: T) => number,
): AsyncGenerator<T, void, undefined> {
  const coming: Promise<T>[] = [];
  let next = from;
  let heaviest = FIRST_GUESS;
  let seen = false;
  for (;;) {
    const room = Math.min(AHEAD, Math.max(2, Math.floor(BYTES_AHEAD / heaviest)));
    while (coming.length < room && next < end) {
      const piece = read(next++);
      piece.catch(() => undefined); // thrown in its turn below; until then it is no unhandled rejection
      coming.push(piece);
    }
    const first = coming.shift();
    if (first === undefined) return;
    const piece = await first;
    const weight = weigh(piece) + LEAST_WEIGHT;
    heaviest = seen ? Math.max(heaviest, weight) : weight;
    seen = true;
    yield piece;
  }
}
