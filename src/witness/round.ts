/**
 * One round of a witness's work: decides many requests one after another, each against the result of those before it,
 * and collects the checkpoints to cosign. Pure: the caller signs and stores, and sends no answer before the whole round
 * is stored.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { sameHandle } from '../note/key.ts';
import type { SignatureLine } from '../note/note.ts';
import { contradicts, judge, type Examined } from './decide.ts';
import { keysText } from './logs.ts';
import type { Held } from './state.ts';

/**
 * Seconds by which the clock may be behind the time of a cosignature. If it is further behind, the witness does not
 * cosign.
 */
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

/** The result for one request. `lines`: cosignatures that were made before and may be sent again. */
export type Outcome =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'again'; readonly lines: readonly SignatureLine[] }
  | { readonly kind: 'stale'; readonly size: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A log signed another root for a size that we cosigned. */
export interface Contradiction {
  readonly request: Examined;
  /** Text and verified lines of the note that we hold; undefined if only the guard has a record. */
  readonly held: { readonly text: string; readonly lines: readonly SignatureLine[] } | undefined;
}

interface RoundParts {
  readonly held: ReadonlyMap<string, Held>;
  /** POSIX seconds. */
  readonly now: number;
  /** Whether lines are by the keys that sign now. */
  readonly current: (lines: readonly SignatureLine[]) => boolean;
  /** Whether the log's allowance has a token left. `refresh`: for a checkpoint that was cosigned before. */
  readonly allow: (origin: string, refresh: boolean) => boolean;
}

export class Round {
  /** In order; of several drafts of a log, the last will be stored. */
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

  /** Why no checkpoint of this log may be cosigned now; undefined if it may. */
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
   * The stored cosignatures, if the request is for the same checkpoint. Anyone can submit a public checkpoint again;
   * within the same second, or beyond the allowance, that costs neither a signature nor a write.
   */
  #again(request: Examined, held: Held | undefined): Outcome | undefined {
    const signed = held?.signed;
    if (signed?.text !== request.text || !this.#parts.current(signed.cosignatures)) return undefined;
    if (!includes(signed.lines, request.lines)) return undefined;
    return { kind: 'again', lines: signed.cosignatures };
  }
}

/** A request with the same checkpoint and fewer of the log's lines must not remove lines that we hold. */
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
