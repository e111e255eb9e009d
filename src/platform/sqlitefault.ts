/** What SQLite says went wrong: the machine, or what a file holds. Whoever opens a database refuses it in its own words. */

/** A disk, a directory, or another process that held the file too long: nothing is said of what is in it. */
const MACHINE = /^SQLITE_(?:BUSY|CANTOPEN|FULL|IOERR|NOMEM|PERM|PROTOCOL|READONLY)/;
/** A file that is broken, or none of SQLite's. */
const DAMAGED = /^SQLITE_(?:CORRUPT|NOTADB)/;

/** Which refusal a code of SQLite stands for; undefined when it may be a bug. */
export function sqliteFault(code: string): 'store-failed' | 'corrupt-store' | undefined {
  if (MACHINE.test(code)) return 'store-failed';
  return DAMAGED.test(code) ? 'corrupt-store' : undefined;
}
