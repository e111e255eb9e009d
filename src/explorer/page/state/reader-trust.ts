/** The reader's own trust policy, kept in this browser for one log. Until there is one, a page goes by the server's keys. */
import type { TrustText } from '../worker/protocol.ts';

const PREFIX = 'tallystick.trust ';
/** A policy has a few lines; an ML-DSA-44 key has 1.8 kB. */
export const MOST_TRUST_CHARACTERS = 262_144;

/** What is used of `localStorage`. */
type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** The text that was kept for the log of this origin; undefined without one, and where the browser keeps nothing. */
export function keptTrust(origin: string, storage: () => Kept = own): string | undefined {
  try {
    return storage().getItem(PREFIX + origin) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a text that the verifier has read. Returns whether the browser kept it. */
export function keepTrust(origin: string, text: string, storage: () => Kept = own): boolean {
  try {
    storage().setItem(PREFIX + origin, text);
    return true;
  } catch {
    return false;
  }
}

export function forgetTrust(origin: string, storage: () => Kept = own): void {
  try {
    storage().removeItem(PREFIX + origin);
  } catch {
    // Nothing was kept.
  }
}

/** Whom a page trusts: the reader's policy, else the one that the server names. */
export function trustFor(origin: string, served: string, storage: () => Kept = own): TrustText {
  const text = keptTrust(origin, storage);
  return text === undefined ? { whose: 'server', text: served } : { whose: 'reader', text };
}

/** Throws where the browser denies it: the property itself is guarded. */
function own(): Kept {
  return localStorage;
}
