/** The pages of the explorer and their paths, below the base of a log: the server and the browser read them by this one rule. */

/** What a page is about. */
export type Place =
  | { readonly kind: 'home' }
  | { readonly kind: 'search' }
  | { readonly kind: 'compare' }
  | { readonly kind: 'witnesses' }
  | { readonly kind: 'verify' }
  | { readonly kind: 'subject'; readonly subject: string }
  | { readonly kind: 'entry'; readonly index: number };

export type PlaceKind = Place['kind'];

/** The pages that the navigation leads to, in its order. */
export const LISTED = ['home', 'search', 'compare', 'witnesses', 'verify'] as const;

/** What each of them is called. */
export const TITLES: Readonly<Record<(typeof LISTED)[number], string>> = {
  home: 'Status',
  search: 'Search',
  compare: 'Compare',
  witnesses: 'Witnesses',
  verify: 'Verify a file',
};

/** The path below the base. `/s/web%2Fshop`, `/e/17`, `/search`. */
export function pathOf(place: Place): string {
  if (place.kind === 'subject') return `/s/${encodeURIComponent(place.subject)}`;
  if (place.kind === 'entry') return `/e/${place.index}`;
  return place.kind === 'home' ? '/' : `/${place.kind}`;
}

/** The place of a path below the base, percent-encoded as in a URL; undefined if no page has it. */
export function placeOf(path: string): Place | undefined {
  if (path === '/' || path === '') return { kind: 'home' };
  for (const kind of LISTED) if (path === `/${kind}` && kind !== 'home') return { kind };
  const index = /^\/e\/(0|[1-9][0-9]{0,15})$/.exec(path)?.[1];
  if (index !== undefined && Number.isSafeInteger(Number(index)))
    return { kind: 'entry', index: Number(index) };
  const subject = path.startsWith('/s/') ? decoded(path.slice('/s/'.length)) : undefined;
  return subject === undefined || subject === '' ? undefined : { kind: 'subject', subject };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // A percent sign that encodes nothing.
  }
}

/** Whether a page may ask other hosts: those that its reader typed, or that stand in the reader's policy. */
export function asksOthers({ kind }: { readonly kind: PlaceKind }): boolean {
  return kind === 'compare' || kind === 'subject';
}
