/** Results of proofs as lines for people. */
import { printable } from '../../bytes/printable.ts';
import { formatDay } from '../../bytes/time.ts';
import type { EntryOf } from '../../appraisal/history.ts';
import { parseStatement } from '../../statement/parse.ts';
import type { Result, RuntimeProof } from '../../statement/proof.ts';
import type { EvidenceClass, Verdict } from '../../statement/vocabulary.ts';
import type { Output } from '../frame/output.ts';

/** Each evidence class in two words. */
export const CLASS_WORDS: Readonly<Record<EvidenceClass, string>> = {
  E0: 'api-said',
  E1: 'agent-saw',
  E2: 'agents-agree',
  E3: 'target-signed',
  E4: 'third-party-signed',
};

const COLOURS: Readonly<Partial<Record<Verdict, 'green' | 'red'>>> = {
  PROVEN: 'green',
  VIOLATED: 'red',
  CONTRADICTED: 'red',
};

/** `tls-min  PROVEN  [E3 target-signed]  …`, columns aligned. */
export function claimLines(
  output: Output,
  results: readonly Result[],
  waivers: ReadonlyMap<string, EntryOf<'waiver'>>,
): readonly string[] {
  const width = Math.max(0, ...results.map(({ claim }) => claim.length));
  return results.map(({ claim, verdict, evidence, explain, leaves }) => {
    const waiver = waivers.get(claim)?.parsed.waiver;
    const colour = COLOURS[verdict] ?? 'yellow';
    // Without an observation there is no evidence class.
    const words =
      verdict === 'UNKNOWN' && leaves === undefined
        ? '[nothing seen]'
        : `[${evidence} ${CLASS_WORDS[evidence]}]`;
    const waived =
      waiver === undefined ? [] : [`WAIVED by ${printable(waiver.owner)} until ${day(waiver.notAfter)}`];
    const detail = [...waived, ...(explain === undefined ? [] : [printable(explain, 300)])].join('; ');
    return `${claim.padEnd(width)}  ${output.paint(colour, verdict.padEnd(12))}  ${words.padEnd(20)}  ${detail}`.trimEnd();
  });
}

/** The proof in a statement that this program made. */
export function proofIn(statement: Uint8Array): RuntimeProof {
  const parsed = parseStatement(statement);
  if (parsed.kind !== 'proof') throw new Error('a proof of our own is a proof');
  return parsed.proof;
}

/** `2027-01-31`. */
export function day(time: number): string {
  return formatDay(time);
}
