/** The interface that key shares of all groups have. */
import { Ended } from './wire.ts';

export interface Share {
  /** Its code point in TLS. */
  readonly group: number;
  /** The bytes that are sent to the server. */
  readonly public: Uint8Array;
  /** The shared secret, from the other side's share. Throws `Ended` if that share is not valid. */
  secret(theirs: Uint8Array): Uint8Array;
}

/** Turns any error of a key agreement into `Ended`: the server's share was not of the group. */
export function guarded(agree: (theirs: Uint8Array) => Uint8Array): (theirs: Uint8Array) => Uint8Array {
  return (theirs) => {
    try {
      return agree(theirs);
    } catch {
      throw new Ended('garbage', "the server's key share does not belong to its group");
    }
  };
}
