/** What bench/explorer.ts and its browsers share. */
export const BROWSERS = 10;
export const PAGES = ['/', '/search', '/e/1', '/witnesses', '/s/bench%2Fsubject'] as const;
