/**
 * Checks evidence that was found on a disk (findevidence.ts): that the statement is in a trusted log, and that files, leaves
 * and verdicts are as it says. No log is contacted.
 *
 *     const found = await findEvidence(paths, proofsFolder);
 *     for (const { found, held, checks } of await verifyAll(found, trust)) console.log(found.name, held);
 */
import type { Check } from '../bytes/checklist.ts';
import type { Trust } from '../client/evidence.ts';
import { examine, type Examination } from '../client/examine.ts';
import { checkDisclosure, checkLeaves } from '../declare/checkleaves.ts';
import { checkDeclaration } from '../declare/node/checkfiles.ts';
import { checkOpenings } from '../declare/openings-file.ts';
import { entryIdOf } from '../client/scrapi.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { FoundEvidence } from './findevidence.ts';

/** The result for one set of evidence. */
export interface FoundVerdict extends Pick<Examination, 'place'> {
  readonly found: FoundEvidence;
  /** The statement, if its bytes are one; whether it is logged, the checks say. */
  readonly statement: ParsedStatement | undefined;
  readonly checks: readonly Check[];
  /** The entry was shown to be in the log, and no check failed. Checks may have been skipped. */
  readonly held: boolean;
  /** Names of the checks that were skipped because evidence is missing. */
  readonly missing: readonly string[];
}

/**
 * Verifies each set of evidence by itself. A runtime proof is judged against its commitment if that is among them.
 * `verify`: noble when absent.
 */
export async function verifyAll(
  all: readonly FoundEvidence[],
  trust: Trust,
  verify?: VerifySignature,
): Promise<readonly FoundVerdict[]> {
  const entries = all.map(({ evidence }) => evidence.entry);
  const verdicts: FoundVerdict[] = [];
  for (const found of all) verdicts.push(await verifyOne(found, entries, trust, verify));
  return verdicts;
}

async function verifyOne(
  found: FoundEvidence,
  entries: readonly Uint8Array[],
  trust: Trust,
  verify: VerifySignature | undefined,
): Promise<FoundVerdict> {
  const { evidence, owned, leaves, disclosure, openings, named } = found;
  const { statement, place, ...examined } = examine(evidence, trust, verify);
  const declared: Check[] = [];
  if (statement?.kind === 'commitment') {
    if (owned !== undefined)
      declared.push(...(await checkDeclaration(statement, owned.opening, owned.base, named)));
    if (leaves !== undefined) declared.push(...checkLeaves(statement, leaves));
    if (disclosure !== undefined) declared.push(...checkDisclosure(statement, disclosure));
  }
  if (statement?.kind === 'proof') declared.push(...(await verifyProof(statement, entries)));
  if (statement !== undefined && openings !== undefined)
    declared.push(...checkOpenings(entryIdOf(evidence.entry), statement, openings));
  const checks = [...examined.checks, ...declared];
  const held = examined.verified && declared.every(({ outcome }) => outcome !== 'failed');
  return { found, statement, place, checks, held, missing: checks.filter(isMissing).map(({ name }) => name) };
}

/** Checks a runtime proof. The code for transcripts and certificates is loaded only here: it takes as long as all the rest. */
async function verifyProof(
  statement: Extract<ParsedStatement, { readonly kind: 'proof' }>,
  entries: readonly Uint8Array[],
): Promise<readonly Check[]> {
  const { checkProof, declarationsIn } = await import('../client/examine-proof.ts');
  return checkProof(statement, declarationsIn(entries).get(statement.proof.commitment.toHex()));
}

/** Only the quorum is skipped when there is nothing to check: the policy asks for no witnesses. */
function isMissing({ name, outcome }: Check): boolean {
  return outcome === 'skipped' && name !== 'quorum';
}
