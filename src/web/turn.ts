/** One large piece of work in each round of the event loop. */

/** The last piece that waits for its turn. */
let last = Promise.resolve();

/**
 * Resolves when a large reply, or a piece of one, may be made: one in each round of the event loop, for all readers
 * together. Other requests are answered between two of them. So ten followers that catch up delay a submission by one
 * bundle in each round, and not by ten.
 */
export function turn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => void setImmediate(resolve)));
  return last;
}
