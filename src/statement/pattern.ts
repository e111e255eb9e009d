/**
 * Subject patterns of the registration policy: `*` stands for any characters but '/', `**` for any
 * characters at all, everything else for itself. The whole subject must match.
 */
import { text, type Schema } from './schema.ts';

/** A pattern's text, 1 … 256 bytes. Other wildcard characters are refused rather than taken literally. */
export const pattern: Schema<string> = text(1, 256, {
  pattern: /^(?!.*\*\*\*)[^\p{Cc}?[\]{}\\]+$/u,
  says: String.raw`a pattern of characters, * and **; none of ? [ ] { } \ and no three stars in a row`,
});

const STAR = -1;
const GLOBSTAR = -2;
const SLASH = 0x2f;

/**
 * Whether a subject matches. All positions the pattern can be at are followed side by side, so the time
 * is at most subject × pattern, whatever the two say.
 */
export function matcher(patternText: string): (subject: string) => boolean {
  const steps = Int32Array.from(stepsOf(patternText));
  return (subject) => {
    // at[j]: the first j steps can match what was read so far.
    let at = new Uint8Array(steps.length + 1);
    let next = new Uint8Array(steps.length + 1);
    at[0] = 1;
    for (let i = 0; i < subject.length; i++) {
      if (!advance(steps, at, next, subject.charCodeAt(i))) return false;
      [at, next] = [next, at];
    }
    skipStars(steps, at);
    return at[steps.length] === 1;
  };
}

/** Moves every live position over one UTF-16 unit; false when none is left. */
function advance(steps: Int32Array, at: Uint8Array, next: Uint8Array, unit: number): boolean {
  next.fill(0);
  skipStars(steps, at);
  let alive = false;
  for (let j = 0; j < steps.length; j++) {
    const step = steps[j];
    if (at[j] === 0) continue;
    if (step === unit) next[j + 1] = 1;
    else if (step === GLOBSTAR || (step === STAR && unit !== SLASH)) next[j] = 1;
    else continue;
    alive = true;
  }
  return alive;
}

/** A star may stand for nothing: a position before it is also one after it. */
function skipStars(steps: Int32Array, at: Uint8Array): void {
  for (let j = 0; j < steps.length; j++) if (at[j] === 1 && (steps[j] ?? 0) < 0) at[j + 1] = 1;
}

function stepsOf(patternText: string): number[] {
  const steps: number[] = [];
  for (let i = 0; i < patternText.length; i++) {
    if (patternText[i] !== '*') steps.push(patternText.charCodeAt(i));
    else if (patternText[i + 1] !== '*') steps.push(STAR);
    else {
      steps.push(GLOBSTAR);
      i++;
    }
  }
  return steps;
}
