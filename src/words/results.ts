/** Results of proofs as lines for people. */
import type { ClaimStatus } from '../appraisal/appraise.ts';
import type { EntryOf } from '../appraisal/history.ts';
import { printable } from '../bytes/printable.ts';
import { formatDay } from '../bytes/time.ts';
import type { Result } from '../statement/proof.ts';
import type { EvidenceClass, Verdict } from '../statement/vocabulary.ts';

/** Colours a text, if there are colours: on a terminal. */
export type Paint = (style: 'green' | 'red' | 'yellow', text: string) => string;

/** Each evidence class in two words. */
export const CLASS_WORDS: Readonly<Record<EvidenceClass, string>> = {
  E0: 'api-said',
  E1: 'agent-saw',
  E2: 'agents-agree',
  E3: 'target-signed',
  E4: 'third-party-signed',
};

export const COLOURS: Readonly<Record<Verdict, 'green' | 'red' | 'yellow'>> = {
  PROVEN: 'green',
  VIOLATED: 'red',
  CONTRADICTED: 'red',
  REVOKED: 'red',
  STALE: 'yellow',
  UNKNOWN: 'yellow',
  WAIVED: 'yellow',
  SUPERSEDED: 'yellow',
};

/** `tls-min  PROVEN  [E3 target-signed]  …`, columns aligned. */
export function claimLines(
  paint: Paint,
  results: readonly Result[],
  waivers: ReadonlyMap<string, EntryOf<'waiver'>>,
): readonly string[] {
  const width = Math.max(0, ...results.map(({ claim }) => claim.length));
  return results.map(({ claim, verdict, evidence, explain, leaves }) => {
    const waiver = waivers.get(claim)?.parsed.waiver;
    const colour = COLOURS[verdict];
    // Without an observation there is no evidence class.
    const words =
      verdict === 'UNKNOWN' && leaves === undefined
        ? '[nothing seen]'
        : `[${evidence} ${CLASS_WORDS[evidence]}]`;
    const waived =
      waiver === undefined
        ? []
        : [`WAIVED by ${printable(waiver.owner)} until ${formatDay(waiver.notAfter)}`];
    const detail = [...waived, ...(explain === undefined ? [] : [printable(explain, 300)])].join('; ');
    return `${claim.padEnd(width)}  ${paint(colour, verdict.padEnd(12))}  ${words.padEnd(20)}  ${detail}`.trimEnd();
  });
}

/** `E1 agent-saw`, `nothing seen`, `not believed`; undefined without a proof. */
export function classOf({ evidence, doubted, proof }: ClaimStatus): string | undefined {
  if (doubted) return 'not believed';
  if (evidence !== undefined) return `${evidence} ${CLASS_WORDS[evidence]}`;
  return proof === undefined ? undefined : 'nothing seen';
}
