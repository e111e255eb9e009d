/**
 * `matches`: RE2's pattern language, in time linear in the text (re2js). The cost of a pattern is computed from its own
 * text before it is compiled, so it is the same with every engine.
 */
import { RE2JS } from 're2js';
import { textCost, Unjudged, type Meter } from './meter.ts';

/** Longest pattern, in UTF-16 units. */
const MAX_PATTERN = 512;
/**
 * `COMPILING`: units for one step of weight when the pattern is compiled. The other: steps of weight times text that
 * cost one unit of matching.
 */
const COMPILING = 4;
const STEPS_A_UNIT = 4;
/**
 * Weight of a Unicode class, `\pL`; and of one range beyond ASCII in a pattern without case, whose letters are folded
 * one by one.
 */
const CLASS_WEIGHT = 250;
const FOLDED_WEIGHT = 12_500;

/** The patterns of one evaluation, each compiled once. */
export class Patterns {
  readonly #compiled = new Map<string, Pattern>();

  /** Whether a part of the text matches. */
  matches(text: string, pattern: string, meter: Meter): boolean {
    let compiled = this.#compiled.get(pattern);
    if (compiled === undefined) {
      const { steps, classes } = weightOf(pattern);
      meter.spend(textCost(pattern.length) + (steps + classes) * COMPILING);
      compiled = { regex: compile(pattern), steps };
      this.#compiled.set(pattern, compiled);
    }
    meter.spend(Math.ceil((compiled.steps * (text.length + 1)) / STEPS_A_UNIT));
    return compiled.regex.test(text);
  }
}

interface Pattern {
  readonly regex: RE2JS;
  /** Cost for each code unit of text: at least the number of instructions of the compiled pattern. */
  readonly steps: number;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new Unjudged(
      `"${pattern.slice(0, 100)}" is no RE2 pattern: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`,
    );
  }
}

interface Weight {
  /** About one for each character, class and operator; a repetition counts as often as it may repeat. */
  readonly steps: number;
  /** Additional cost of its Unicode classes when it is compiled. */
  readonly classes: number;
}

/**
 * The weight of a pattern (spec/claims.md, "Cost"). Throws Unjudged for one that is too long, or that quotes with \Q.
 */
export function weightOf(pattern: string): Weight {
  if (pattern.length > MAX_PATTERN) throw new Unjudged(`a pattern is longer than ${MAX_PATTERN}`);
  return new Weighing(pattern).total();
}

const ESCAPE = /\\(?:[pP](?:\{[^}]*\}|.)|x\{[^}]*\}|[^])/uy;
/** A class: its first `]` stands for itself; within, `[:name:]` and escapes. */
const CLASS = /\[\^?\]?(?:\[:\^?[a-z]+:\]|\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\[^]|[^\]\\])*\]?/uy;
const GROUP = /\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*[:)]))?/y;
const REPEAT = /\{([0-9]+)(?:(,)([0-9]*))?\}/y;
const OTHER = /[^]/uy;

class Weighing {
  readonly #pattern: string;
  #at = 0;
  /** Weights of the open groups so far, and of the last item in the innermost group. */
  readonly #open = [1];
  #last = 0;
  /** Unicode classes and folded ranges are compiled once for each occurrence, and repeated by reference. */
  #classes = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  total(): Weight {
    if (this.#pattern.includes('\\Q')) throw new Unjudged('a pattern quotes with \\Q; escape each character');
    // If any part of the pattern ignores case, the whole pattern is counted as if it did.
    const folded = /\(\?[a-zA-Z]*i/.test(this.#pattern);
    while (this.#at < this.#pattern.length) this.#step(folded);
    while (this.#open.length > 1) this.#close();
    return { steps: this.#open[0] ?? 0, classes: this.#classes };
  }

  #step(folded: boolean): void {
    const escape = this.#take(ESCAPE) ?? this.#take(CLASS);
    if (escape !== undefined) {
      const names = escape[0].match(/\\[pP]/g)?.length ?? 0;
      const beyond = escape[0].match(/\\x\{|[^\0-\x7f]/gu)?.length ?? 0;
      this.#classes +=
        names * (folded ? FOLDED_WEIGHT : CLASS_WEIGHT) + (folded ? beyond * FOLDED_WEIGHT : 0);
      return this.#add(2);
    }
    const group = this.#take(GROUP);
    if (group !== undefined) {
      if (!group[0].endsWith(')')) this.#open.push(2);
      return;
    }
    const repeat = this.#take(REPEAT);
    if (repeat !== undefined) {
      const [, least = '0', comma, most = ''] = repeat;
      const times = Math.max(Number(least), Number(most)) + (comma !== undefined && most === '' ? 1 : 0);
      return this.#add(this.#last * Math.max(0, times - 1) + times);
    }
    const [other = ''] = this.#take(OTHER) ?? [];
    if (other === '') this.#at += 1;
    else if (other === ')' && this.#open.length > 1) this.#close();
    else if (folded && other > '\x7f') {
      this.#classes += FOLDED_WEIGHT;
      this.#add(2);
    } else if ('*+?'.includes(other)) this.#add(this.#last + 1);
    else if (other === '|') this.#add(1);
    else this.#add(1);
  }

  #close(): void {
    const weight = this.#open.pop() ?? 0;
    this.#last = 0;
    this.#add(weight);
  }

  /** An operator such as a repetition belongs to the item before it. */
  #add(weight: number): void {
    const innermost = this.#open.length - 1;
    this.#open[innermost] = (this.#open[innermost] ?? 0) + weight;
    this.#last = weight;
  }

  #take(regex: RegExp): RegExpExecArray | undefined {
    regex.lastIndex = this.#at;
    const found = regex.exec(this.#pattern);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }
}
