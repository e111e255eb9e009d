/** The interface of key shares of every kind. */
import { Ended } from './wire.ts';

export interface Share {
  readonly group: number;
  readonly public: Uint8Array;
  /** Throws `Ended` if the other side's share is not valid. */
  secret(theirs: Uint8Array): Uint8Array;
}

/** Turns any error of a key agreement into `Ended`: the server's share was not of the group. */
export function guarded(agree: (theirs: Uint8Array) => Uint8Array): (theirs: Uint8Array) => Uint8Array {
  return (theirs) => {
    try {
      return agree(theirs);
    } catch {
      throw new Ended('garbage', "the server's key share is none of its group");
    }
  };
}
