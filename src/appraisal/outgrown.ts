/**
 * When the log outgrew a tree: the time of the entry that made it larger, as the log states it, but not later than the time of
 * any later entry of the subject. A log that sets one time later does not make a signature younger. Pure.
 */

/** The earliest time among the entries from an index on, of entries that are given in log order, one by one. */
export class EarliestSince {
  /** Indices and times that both ascend: an entry hides all earlier ones that have a later time. */
  readonly #kept: { readonly index: number; readonly time: number }[] = [];

  push(index: number, time: number): void {
    while ((this.#kept.at(-1)?.time ?? -Infinity) >= time) this.#kept.pop();
    this.#kept.push({ index, time });
  }

  /** POSIX seconds; Infinity if no entry has that index or a later one. */
  from(index: number): number {
    let [low, high] = [0, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#kept[middle]?.index ?? Infinity) < index) low = middle + 1;
      else high = middle;
    }
    return this.#kept[low]?.time ?? Infinity;
  }
}

/** `EarliestSince` of entries in log order. */
export function earliestSince(
  entries: readonly { readonly index: number; readonly time: number }[],
): EarliestSince {
  const earliest = new EarliestSince();
  for (const { index, time } of entries) earliest.push(index, time);
  return earliest;
}
