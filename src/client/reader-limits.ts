/** Bounds of one reader. */

/** Most entries of one kind about one subject. If a subject has more, it is not read. */
export const MOST_ENTRIES = 20_000;
