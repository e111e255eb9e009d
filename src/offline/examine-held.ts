/**
 * Examines evidence that somebody holds, completely, without a disk and without a network: that its statement is in a trusted log, that
 * leaves which were opened are as it says, and what a target signed of a runtime proof.
 */
import type { Check } from '../bytes/checklist.ts';
import type { Evidence, Trust } from '../client/evidence.ts';
import { declarationsIn } from '../client/declarations.ts';
import { examine, type Examination } from '../client/examine.ts';
import { entryIdOf } from '../client/scrapi.ts';
import { checkDisclosure, checkLeaves } from '../declare/checkleaves.ts';
import type { Disclosure, OpenedLeaves } from '../declare/leafopening.ts';
import { checkOpenings, type OpenedLeaf } from '../declare/openings-file.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { ParsedStatement } from '../statement/parse.ts';

/** Evidence, and what belongs to it. */
export interface HeldEvidence {
  readonly evidence: Evidence;
  /** Leaves of a source: all of them for the owner, else those that were disclosed. */
  readonly leaves?: OpenedLeaves | undefined;
  readonly disclosure?: Disclosure | undefined;
  readonly openings?: readonly OpenedLeaf[] | undefined;
}

export interface HeldVerdict extends Pick<Examination, 'place'> {
  /** The statement, if its bytes are one; whether it is logged, the checks say. */
  readonly statement: ParsedStatement | undefined;
  readonly checks: readonly Check[];
  /** The entry was shown to be in the log, and no check failed. Checks may have been skipped. */
  readonly held: boolean;
  /** Names of the checks that were skipped because evidence is missing. */
  readonly missing: readonly string[];
}

/**
 * Examines one. `entries`: all that are at hand: a runtime proof is judged against its commitment if that is among them. `more`: checks of
 * a declaration that only the caller can make. `verify`: noble when absent.
 */
export async function examineHeld(
  { evidence, leaves, disclosure, openings }: HeldEvidence,
  entries: readonly Uint8Array[],
  trust: Trust,
  verify?: VerifySignature,
  more: (statement: Commitment) => Promise<readonly Check[]> = () => Promise.resolve([]),
): Promise<HeldVerdict> {
  const { statement, place, ...examined } = examine(evidence, trust, verify);
  const declared: Check[] = [];
  if (statement?.kind === 'commitment') {
    declared.push(...(await more(statement)));
    if (leaves !== undefined) declared.push(...checkLeaves(statement, leaves));
    if (disclosure !== undefined) declared.push(...checkDisclosure(statement, disclosure));
  }
  if (statement?.kind === 'proof') declared.push(...(await verifyProof(statement, entries)));
  if (statement !== undefined && openings !== undefined)
    declared.push(...checkOpenings(entryIdOf(evidence.entry), statement, openings));
  const checks = [...examined.checks, ...declared];
  const held = examined.verified && declared.every(({ outcome }) => outcome !== 'failed');
  return { statement, place, checks, held, missing: checks.filter(isMissing).map(({ name }) => name) };
}

export type Commitment = Extract<ParsedStatement, { readonly kind: 'commitment' }>;

/** Checks a runtime proof. The code for transcripts and certificates is loaded only here: it takes as long as all the rest. */
async function verifyProof(
  statement: Extract<ParsedStatement, { readonly kind: 'proof' }>,
  entries: readonly Uint8Array[],
): Promise<readonly Check[]> {
  const { checkProof } = await import('../client/examine-proof.ts');
  return checkProof(statement, declarationsIn(entries).get(statement.proof.commitment.toHex()));
}

/** Only the quorum is skipped when there is nothing to check: the policy asks for no witnesses. */
function isMissing({ name, outcome }: Check): boolean {
  return outcome === 'skipped' && name !== 'quorum';
}
