/** Classes, signers and times as people read them, in the command and on pages. */
import { printable } from '../bytes/printable.ts';
import type { Signer } from '../evidence/identity.ts';
import { E3_LIMITS } from '../evidence/limits.ts';
import type { EvidenceClass } from '../statement/vocabulary.ts';

/** Who would have to lie for a result of the class to be false. */
export const WHO_LIES: Readonly<Record<EvidenceClass, string>> = {
  E0: 'the API that was asked, or anyone in front of it',
  E1: 'the agent that looked, or whoever sits on its way to the target',
  E2: 'all of the agents that agree',
  E3: "the holder of the target's own key",
  E4: 'the third party or the hardware that signed',
};

/** What the evidence class does not prove. */
export function limitsOf(evidence: EvidenceClass, isTls12: boolean): readonly string[] {
  const [operator, relay, , tls12, , whose] = E3_LIMITS;
  if (evidence === 'E3') return [operator, relay, whose, ...(isTls12 ? [tls12] : [])];
  return [LIMITS[evidence]];
}

const LIMITS: Readonly<Record<Exclude<EvidenceClass, 'E3'>, string>> = {
  E0: 'Nobody looked at what the target does.',
  E1: 'No signature of the target shows it; two agents that are named as attestors make it E2.',
  E2: 'Agents of one operator, or on one network, may be wrong together.',
  E4: 'The signer could leave something out. The keys, roots and identities are those that the commitment names: compare them with those that the signer publishes.',
};

/** Whose signature it is. */
export function signerText(signer: Signer): string {
  if (signer.kind === 'target') return "the target's: the commitment names this identity";
  return signer.kind === 'other'
    ? `NOT THE TARGET'S: ${line(signer.why)}`
    : `not known whose: ${line(signer.why)}`;
}

/** `45 s`, `12 min`, `1 h 59 min`, `47 h`, `5 d`: rounded down. */
export function spanOf(seconds: number): string {
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${minutes} min`;
  const rest = (minutes ?? 0) % 60;
  if (seconds < 36_000) return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
  return seconds < 172_800 ? `${hours} h` : `${days} d`;
}

/** `in 12 min`, `3 h late`. */
export function dueOf(due: number, now: number): string {
  return due >= now ? `in ${spanOf(due - now)}` : `${spanOf(now - due)} late`;
}

/** Untrusted text on one line. */
export function line(text: string, max = 300): string {
  return printable(text.replaceAll(/[\t\n]+/g, ' '), max);
}

/** A probability of having missed something, in thousandths: rounded up, so that it is never shown as less than it is. */
export function oddsOf(probability: number): string {
  return (Math.ceil(probability * 1_000) / 1_000).toFixed(3);
}
