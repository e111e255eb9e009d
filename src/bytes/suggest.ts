/** Did-you-mean for keys that nobody knows. */

/** The known word nearest to a mistyped one, as `; did you mean X?`, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const [best] = nearest(word, known, 1);
  return best === undefined ? '' : `; did you mean ${best}?`;
}

/** Most known words that are measured: those whose length is nearest. */
const MOST_MEASURED = 500;

/** The known words nearest to a mistyped one, at most `most`, the nearest first. */
export function nearest(word: string, known: readonly string[], most: number): readonly string[] {
  const furthest = Math.max(2, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  const measured = known
    .filter((each) => Math.abs(each.length - word.length) <= furthest)
    .toSorted((a, b) => Math.abs(a.length - word.length) - Math.abs(b.length - word.length))
    .slice(0, MOST_MEASURED);
  return measured
    .map((each) => ({ each, distance: editDistance(lower, each.toLowerCase()) }))
    .filter(({ distance }) => distance <= furthest)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ each }) => each);
}

/** Longest words that are measured, UTF-16 units: the work grows with the square. */
const MOST_LETTERS = 200;

/** Levenshtein's distance: insertions, deletions and replacements from one word to the other. */
function editDistance(from: string, to: string): number {
  if (Math.max(from.length, to.length) > MOST_LETTERS) return from === to ? 0 : Infinity;
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, letter] of from.split('').entries()) {
    const here = [row + 1];
    for (const [column, other] of to.split('').entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1);
      here.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (here[column] ?? 0) + 1));
    }
    above = here;
  }
  return above.at(-1) ?? 0;
}
