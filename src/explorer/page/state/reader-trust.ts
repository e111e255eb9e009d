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

/** Whom a page trusts about the log of one origin: the reader's policy, else the one that the server names. */
export class ReaderTrust {
  readonly #origin: string;
  readonly #served: string;
  readonly #storage: () => Kept;
  #own: string | undefined;

  /** `served`: the policy of the server, as text. */
  constructor(origin: string, served: string, storage: () => Kept = own) {
    this.#origin = origin;
    this.#served = served;
    this.#storage = storage;
    this.#own = keptTrust(origin, storage);
  }

  get text(): TrustText {
    const text = this.#own;
    return text === undefined ? { whose: 'server', text: this.#served } : { whose: 'reader', text };
  }

  /** Goes by a text that the verifier has read, whether or not the browser keeps it; returns whether it does. */
  use(text: string): boolean {
    this.#own = text;
    try {
      this.#storage().setItem(PREFIX + this.#origin, text);
      return true;
    } catch {
      return false;
    }
  }

  /** Goes by the server's keys again. */
  forget(): void {
    this.#own = undefined;
    try {
      this.#storage().removeItem(PREFIX + this.#origin);
    } catch {
      // Nothing was kept.
    }
  }
}

/** Throws where the browser denies it: the property itself is guarded. */
function own(): Kept {
  return localStorage;
}
