/** The whole examination of some evidence, in the order a person would go. Offline and pure. */
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import { Checklist, type Check } from '../bytes/checklist.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { Evidence, Place, Trust } from './evidence.ts';
import { examineKeys, examinePolicy, examineProof } from './examine-log.ts';
import { examineAudience, examineReceipts } from './examine-receipt.ts';
import { examineSigner } from './examine-signer.ts';

/** What came of it. */
export interface Examination {
  readonly checks: readonly Check[];
  /** The entry is in the log: a checkpoint or a receipt, of a trusted key, leads to it, and nothing failed. */
  readonly verified: boolean;
  readonly statement: ParsedStatement | undefined;
  /** Where the entry is, when a proof showed it. */
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
  // Under a policy that is part of who may say what.
  if (rules === undefined && statement !== undefined) examineAudience(list, statement, place ?? receipt);
  const failed = list.checks.some(({ outcome }) => outcome === 'failed');
  const logged = list.passed('inclusion') || list.passed('receipt');
  return { checks: list.checks, verified: logged && !failed, statement, place: place ?? receipt };
}
