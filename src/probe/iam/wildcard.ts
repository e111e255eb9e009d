/**
 * Wildcards of IAM: `*` stands for any characters or none, `?` for one character, and everything else for itself. Matching
 * takes at most pattern × text steps. Regular expressions are not used, since a policy could then make the evaluator slow.
 */
import { truth, type Truth } from './truth.ts';

/** Whether the whole text matches. */
export function matchesWild(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  // The place of the last star, and the place in the text from which the pattern after that star is tried.
  let star = -1;
  let from = 0;
  while (t < text.length) {
    const want = pattern[p];
    if (want === '*') {
      star = p++;
      from = t;
    } else if (want !== undefined && (want === '?' || want === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++from;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** As `matchesWild`, ignoring case, as IAM does for actions. */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesWild(pattern.toLowerCase(), action.toLowerCase());
}

/**
 * Whether a pattern matches an ARN, `arn:partition:service:region:account:resource`. A wildcard matches no colon, except in the
 * last part (IAM User Guide, "Using wildcards in resource ARNs").
 */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const wanted = pattern.split(':');
  const last = Math.min(wanted.length, ARN_PARTS) - 1;
  const parts = arn.split(':');
  if (parts.length <= last) return false;
  for (let i = 0; i < last; i++) if (!matchesWild(wanted[i] ?? '', parts[i] ?? '')) return false;
  return matchesWild(wanted.slice(last).join(':'), parts.slice(last).join(':'));
}
const ARN_PARTS = 6;

/** Stand for unknown parts of an ARN: `ANY` for any text or none, `ONE` for one character. No pattern and no ARN contains them. */
export const ANY = '\u0001';
export const ONE = '\u0002';

/** An ARN for people: its open parts are shown as wildcards. */
export function openText(arn: string): string {
  return arn.replaceAll(ANY, '*').replaceAll(ONE, '?');
}

/** Whether a pattern matches an ARN with open parts: `yes` and `no` hold whatever the open parts are. */
export function matchesOpenArn(pattern: string, arn: string): Truth {
  if (pattern === '*') return 'yes';
  if (!arn.includes(ANY) && !arn.includes(ONE)) return truth(matchesArn(pattern, arn));
  // Only a wildcard can match these stand-ins. So a pattern that matches the ARN with each of them matches it with any text.
  const filled = ['', ONE + ONE, `${ONE}/${ONE}/`].map((each) => arn.replaceAll(ANY, each));
  if (filled.every((each) => matchesArn(pattern, each))) return 'yes';
  const [wanted, parts] = [pattern.split(':'), arn.split(':')];
  const last = Math.min(wanted.length, ARN_PARTS) - 1;
  for (let i = 0; i < last; i++) if (!matchesWild(wanted[i] ?? '', parts[i] ?? '')) return 'no';
  return canMeet(wanted.slice(last).join(':'), parts.slice(last).join(':')) ? 'maybe' : 'no';
}

/** Whether the open parts can be filled in so that the pattern matches the text. Takes at most pattern × text steps. */
function canMeet(pattern: string, open: string): boolean {
  // `row[p]`: the characters of `open` read so far can match the first p characters of the pattern.
  let row = Array.from({ length: pattern.length + 1 }, (_each, p) => /^\**$/.test(pattern.slice(0, p)));
  for (const char of open) {
    const next = row.map(() => false);
    for (let p = 0; p <= pattern.length; p++) {
      const want = pattern[p - 1];
      if (char === ANY) next[p] = row[p] === true || (p > 0 && next[p - 1] === true);
      else if (want === '*') next[p] = row[p] === true || next[p - 1] === true;
      else if (want !== undefined)
        next[p] = row[p - 1] === true && (char === ONE || want === '?' || want === char);
    }
    row = next;
  }
  return row[pattern.length] === true;
}
