/** What every kind of key share has in common. */
import { Ended } from './wire.ts';

export interface Share {
  readonly group: number;
  readonly public: Uint8Array;
  /** Throws `Ended` for a share that is none. */
  secret(theirs: Uint8Array): Uint8Array;
}

/** Makes any fault of an agreement the server's: its share is none of the group. */
export function guarded(agree: (theirs: Uint8Array) => Uint8Array): (theirs: Uint8Array) => Uint8Array {
  return (theirs) => {
    try {
      return agree(theirs);
    } catch {
      throw new Ended('garbage', "the server's key share is none of its group");
    }
  };
}
