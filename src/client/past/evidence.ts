/** Weighs the signatures in every proof of a subject, each under the commitment that it names. */
import { historyOf, isOf, type EntryOf, type SubjectEntry } from '../../appraisal/history.ts';
import { formatHex } from '../../bytes/text.ts';
import type { Weighed } from '../../evidence/weigh.ts';
import type { Result } from '../../statement/proof.ts';
import type { Progress } from '../ports.ts';

/** Proofs between two signs of progress. */
const STEP = 64;

/** What checking the signatures showed, of every result of every proof among the entries. */
export async function evidenceOf(
  entries: readonly SubjectEntry[],
  progress: (label: string, total: number) => Progress,
): Promise<ReadonlyMap<Result, Weighed>> {
  const proofs = entries.flatMap((each): readonly EntryOf<'proof'>[] => (isOf(each, 'proof') ? [each] : []));
  const all = new Map<Result, Weighed>();
  if (proofs.length === 0) return all;
  const [{ weighAll }, { signedFactsFor }] = await Promise.all([
    import('../../evidence/weigh.ts'),
    import('../../probe/signed.ts'),
  ]);
  const bar = progress('evidence', proofs.length);
  let done = 0;
  for (const { entry, declaration } of historyOf(entries).declared) {
    const own = proofs.filter(({ parsed }) => formatHex(parsed.proof.commitment) === entry.id);
    const by = { declaration, subject: entry.parsed.subject, signed: signedFactsFor };
    for (let at = 0; at < own.length; at += STEP) {
      const weighed = await weighAll(own.slice(at, at + STEP), by, entries);
      for (const [result, each] of weighed) all.set(result, each);
      bar.at((done += Math.min(STEP, own.length - at)));
    }
  }
  bar.end();
  return all;
}
