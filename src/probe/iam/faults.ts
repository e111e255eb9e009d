/** Faults of a trail, in words for people. All are counted, and the first 50 are shown. */
import { printable } from '../../bytes/printable.ts';

const MAX_SHOWN = 50;

export class Faults {
  readonly shown: string[] = [];
  count = 0;
  /** Whether the chain of digests has no fault. Anyone can check this with the digests alone. */
  unbroken = true;

  /** Adds a fault of the digests. The same fault is counted once while it is among those shown. */
  chain(what: string): void {
    this.unbroken = false;
    if (this.shown.includes(printable(what, 600))) return;
    this.files(what);
  }

  /** Adds a fault of the log files, or of the age of the trail. */
  files(what: string): void {
    this.count += 1;
    if (this.shown.length < MAX_SHOWN) this.shown.push(printable(what, 600));
  }
}
