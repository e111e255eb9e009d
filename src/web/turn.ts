/** One large piece of work in each round of the event loop. */

/** The last piece that waits for its turn. */
let last = Promise.resolve();

/**
 * Resolves when a large reply, or a piece of one, may be made: one for each round of the event loop, all readers together.
 * So whatever else was asked meanwhile is answered between two of them: ten followers who catch up hold up a submission by
 * one bundle a round, and not by ten.
 */
export function turn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => void setImmediate(resolve)));
  return last;
}
