/**
 * The differences between two registration policies as text, one line for each permission or duty that appears or
 * disappears.
 */
import { printable } from '../bytes/printable.ts';
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { kidOf } from '../cose/key.ts';
import type { EnrolledKey, PolicyDocument } from '../statement/policy.ts';

/**
 * Lines `- …` for what only `old` has, then lines `+ …` for what only `next` has; empty if the policies do not differ.
 */
export function differenceOf(old: PolicyDocument, next: PolicyDocument): readonly string[] {
  const [before, after] = [factsOf(old), factsOf(next)];
  return [
    ...before.filter((fact) => !after.includes(fact)).map((fact) => `- ${fact}`),
    ...after.filter((fact) => !before.includes(fact)).map((fact) => `+ ${fact}`),
  ].map((line) => printable(line, 1000));
}

function factsOf(document: PolicyDocument): string[] {
  const { open, selfProof, approvals, requireAudience, limits, log, keys, revoked } = document;
  const [current] = log.receiptKeys;
  return [
    `open: ${open}`,
    `selfProof: ${selfProof}`,
    `approvals: ${approvals ?? 0}`,
    `requireAudience: ${requireAudience ?? false}`,
    ...Object.entries(limits).map(([name, limit]) => `limits.${name}: ${limit}`),
    ...log.vkeys.map((vkey) => `checkpoint key ${shortVkey(vkey)}`),
    ...log.receiptKeys.map((key) => `receipt key ${kidOf(key)}`),
    ...(current === undefined ? [] : [`first receipt key: ${kidOf(current)}`]),
    ...keys.map(describeKey),
    ...(revoked ?? []).map(
      ({ kid, since, reason }) =>
        `revoked ${formatHex(kid)} since entry ${since}${reason === undefined ? '' : `: ${reason}`}`,
    ),
  ];
}

/** `log.example/config+d1b21824`: name and key id of a vkey (C2SP signed-note). */
export function shortVkey(vkey: string): string {
  return vkey.split('+', 2).join('+');
}

/** `key "payments CI": author, about prod/payments/** (kid …)`. */
export function describeKey(each: EnrolledKey): string {
  const { key, name, roles, subjects, issuer, maxBytes, notBefore, notAfter } = each;
  const { maxSubjects, maxCommitments, maxStatements } = each;
  const limits = [
    ...(issuer === undefined ? [] : [`as ${quoted(issuer)}`]),
    ...(maxBytes === undefined ? [] : [`up to ${maxBytes} bytes`]),
    ...(maxSubjects === undefined ? [] : [`commitments about up to ${maxSubjects} subjects`]),
    ...(maxCommitments === undefined ? [] : [`up to ${maxCommitments} commitments`]),
    ...(maxStatements === undefined ? [] : [`up to ${maxStatements} statements under one policy`]),
    ...(notBefore === undefined ? [] : [`from ${formatTime(notBefore)}`]),
    ...(notAfter === undefined ? [] : [`until ${formatTime(notAfter)}`]),
  ];
  const what = [roles.join(' and '), `about ${subjects.map(quoted).join(' ')}`, ...limits].join(', ');
  return `key ${JSON.stringify(name)}: ${what} (kid ${kidOf(key)})`;
}

/** Quotes a text only if a reader could not tell where it ends. */
function quoted(text: string): string {
  return /[\s,"]/.test(text) ? JSON.stringify(text) : text;
}
