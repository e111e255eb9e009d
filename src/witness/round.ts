/**
 * One round of a witness's work: many requests are judged one after another, each against what those before it
 * left behind, and what shall be cosigned is collected. Pure: signing and storing are the caller's, and no
 * answer may leave before all of the round is stored.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { sameHandle } from '../note/key.ts';
import type { SignatureLine } from '../note/note.ts';
import { contradicts, judge, type Examined } from './decide.ts';
import { keysText } from './logs.ts';
import type { Held } from './state.ts';

/** How far the clock may be behind what was cosigned before it is taken to be wrong (seconds). */
export const CLOCK_TOLERANCE = 60;

/** A checkpoint to be cosigned. */
export interface Draft {
  readonly origin: string;
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly lines: readonly SignatureLine[];
  /** POSIX seconds. */
  readonly time: number;
  /** As `Held.keys`. */
  readonly keys: string;
}

/** What becomes of one request. `lines`: cosignatures we gave before and may give again. */
export type Outcome =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'again'; readonly lines: readonly SignatureLine[] }
  | { readonly kind: 'stale'; readonly size: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A log signed another root for a size that we cosigned. */
export interface Contradiction {
  readonly request: Examined;
  /** Note text and verified lines of what we hold; undefined when only the guard told of it. */
  readonly held: { readonly text: string; readonly lines: readonly SignatureLine[] } | undefined;
}

export interface RoundParts {
  readonly held: ReadonlyMap<string, Held>;
  /** POSIX seconds. */
  readonly now: number;
  /** Whether lines are by the keys we sign with now. */
  readonly current: (lines: readonly SignatureLine[]) => boolean;
  /** Whether the log's allowance has one more; `refresh`: for a checkpoint cosigned before. */
  readonly allow: (origin: string, refresh: boolean) => boolean;
}

export class Round {
  /** In the order made; the last of a log is what will be held of it. */
  readonly drafts: Draft[] = [];
  readonly contradictions: Contradiction[] = [];
  readonly #parts: RoundParts;
  readonly #newest = new Map<string, Draft>();

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  /** Judges the next request. */
  decide(request: Examined): Outcome {
    const { origin } = request.log;
    const draft = this.#newest.get(origin);
    const held = this.#parts.held.get(origin);
    const head = draft?.checkpoint ?? held;
    if (contradicts(request, head)) this.contradictions.push({ request, held: draft ?? held?.signed });
    const verdict = judge(request, head);
    if (verdict.kind !== 'cosign') return verdict;
    return this.#refusedNow(held) ?? this.#cosign(request, held, draft);
  }

  /** What speaks against cosigning anything of this log now. */
  #refusedNow(held: Held | undefined): Outcome | undefined {
    const { now } = this.#parts;
    if (held !== undefined && held.halted !== '')
      return refused('not-cosigning', `this log is not cosigned until the operator decides: ${held.halted}`);
    if (now < 1 || now + CLOCK_TOLERANCE < (held?.time ?? 0))
      return refused('not-cosigning', 'the clock of the witness is wrong; its operator has to set it');
    return undefined;
  }

  #cosign(request: Examined, held: Held | undefined, draft: Draft | undefined): Outcome {
    const { origin } = request.log;
    const time = Math.max(this.#parts.now, held?.time ?? 0);
    if (draft?.text === request.text && includes(draft.lines, request.lines)) return { kind: 'draft', draft };
    const again = draft === undefined ? this.#again(request, held) : undefined;
    if (again !== undefined && held?.time === time) return again;
    const refresh = (draft?.text ?? held?.signed?.text) === request.text;
    if (!this.#parts.allow(origin, refresh))
      return (
        again ??
        refused('rate-limited', 'this log has been cosigned as often as its entry in the list allows')
      );
    const made = {
      origin,
      checkpoint: request.checkpoint,
      text: request.text,
      time,
      keys: keysText(request.log),
    };
    return this.#draft({ ...made, lines: merged(request, draft ?? held?.signed) });
  }

  #draft(draft: Draft): Outcome {
    this.drafts.push(draft);
    this.#newest.set(draft.origin, draft);
    return { kind: 'draft', draft };
  }

  /**
   * The cosignatures held, when it is that very checkpoint. Anyone can send a public checkpoint again: within
   * the same second, or beyond the allowance, that costs neither a signature nor a write.
   */
  #again(request: Examined, held: Held | undefined): Outcome | undefined {
    const signed = held?.signed;
    if (signed?.text !== request.text || !this.#parts.current(signed.cosignatures)) return undefined;
    if (!includes(signed.lines, request.lines)) return undefined;
    return { kind: 'again', lines: signed.cosignatures };
  }
}

/** The same checkpoint with fewer of the log's lines must not take away those we have. */
function merged(
  { text, lines, log }: Examined,
  before: { readonly text: string; readonly lines: readonly SignatureLine[] } | undefined,
): readonly SignatureLine[] {
  if (before?.text !== text) return lines;
  const known = before.lines.filter((line) => log.keys.some((key) => sameHandle(key, line)));
  return [...known, ...lines.filter((line) => !known.some((each) => sameHandle(each, line)))];
}

function includes(lines: readonly SignatureLine[], wanted: readonly SignatureLine[]): boolean {
  return wanted.every((line) => lines.some((each) => sameHandle(each, line)));
}

function refused(code: 'not-cosigning' | 'rate-limited', message: string): Outcome {
  return { kind: 'refused', refusal: refuse(code, message) };
}
