/** Paths of files that a source was given, for every source whose files name others. Nothing looks at links. */

/** A path without `.`, `..` and doubled slashes. `..` of the root is the root; of a relative path that begins with it, it stays. */
export function normal(path: string): string {
  const isAbsolute = path.startsWith('/');
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.length > 0 && steps.at(-1) !== '..') steps.pop();
    else if (!isAbsolute) steps.push(step);
  }
  return `${isAbsolute ? '/' : ''}${steps.join('/')}`;
}

/** Whether a folder is one of some, or below one. All are `normal`. */
export function isWithin(folder: string, some: readonly string[]): boolean {
  return some.some((each) => folder === each || folder.startsWith(each === '/' ? '/' : `${each}/`));
}
