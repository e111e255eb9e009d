/** Faults of a trail, in words for people: all are counted, the first are shown. */
import { printable } from '../../bytes/printable.ts';

const MAX_SHOWN = 50;

export class Faults {
  readonly shown: string[] = [];
  count = 0;
  /** Whether the signed chain itself is without a fault: what anyone can check from the digests alone. */
  unbroken = true;

  /** Of the digests; each fault once. */
  chain(what: string): void {
    this.unbroken = false;
    if (this.shown.includes(printable(what, 600))) return;
    this.files(what);
  }

  /** Of the log files, or of their age. */
  files(what: string): void {
    this.count += 1;
    if (this.shown.length < MAX_SHOWN) this.shown.push(printable(what, 600));
  }
}
