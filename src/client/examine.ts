/** Examines evidence completely. Offline and pure. */
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import { Checklist, type Check } from '../bytes/checklist.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { Evidence, Place, Trust } from './evidence.ts';
import { examineKeys, examinePolicy, examineProof } from './examine-log.ts';
import { examineAudience, examineReceipts } from './examine-receipt.ts';
import { examineSigner } from './examine-signer.ts';

/** The result of an examination. */
export interface Examination {
  readonly checks: readonly Check[];
  /** True if no check failed, and a trusted key leads to the entry through a checkpoint or a receipt. */
  readonly verified: boolean;
  readonly statement: ParsedStatement | undefined;
  /** Place of the entry; undefined if no proof shows it. */
  readonly place: Place | undefined;
}

/** Makes every check that the evidence allows. Never throws for what is in the evidence. `verify`: noble when absent. */
export function examine(evidence: Evidence, trusted: Trust, verify?: VerifySignature): Examination {
  const trust = { ...trusted, verify };
  const list = new Checklist();
  const statement = list.run('statement', () => {
    const parsed = parseStatement(evidence.entry);
    return [parsed, `a ${parsed.kind} about "${parsed.subject}", issued by ${parsed.issuer}`];
  });
  const place = examineProof(list, evidence, trust);
  const rules = examinePolicy(list, evidence, trust, place);
  if (statement !== undefined) examineSigner(list, statement, rules, verify);
  const log = place?.log ?? rules?.origin;
  const keys = examineKeys(list, evidence, trust, log);
  const named = { log, audience: statement?.audience };
  const receipt = examineReceipts(list, evidence, trust, [rules?.inForce?.policy, keys], place, named);
  // With a policy at hand, the audience is checked as part of admission.
  if (rules === undefined && statement !== undefined) examineAudience(list, statement, place ?? receipt);
  const failed = list.checks.some(({ outcome }) => outcome === 'failed');
  const logged = list.passed('inclusion') || list.passed('receipt');
  return { checks: list.checks, verified: logged && !failed, statement, place: place ?? receipt };
}
