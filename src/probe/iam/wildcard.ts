/**
 * Wildcards of IAM: `*` stands for any characters, none included, `?` for one; everything else for itself. No regular
 * expressions: a policy is not to make the evaluator slow. The time is at most pattern × text.
 */

/** Whether the whole text matches. */
export function matchesWild(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  // The last star, and how far the text had been read when it stood for what it does now.
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

/** Actions know no case. */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesWild(pattern.toLowerCase(), action.toLowerCase());
}

/**
 * Names of resources, `arn:partition:service:region:account:resource`: a wildcard stays in its part, the last one
 * excepted (IAM User Guide, "Using wildcards in resource ARNs").
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
