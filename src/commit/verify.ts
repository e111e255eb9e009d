/**
 * Checks evidence that was found on a disk (findevidence.ts): that the statement is in a trusted log, and that files, leaves
 * and verdicts are as it says. No log is contacted.
 *
 *     const found = await findEvidence(paths, proofsFolder);
 *     for (const { found, held, checks } of await verifyAll(found, trust)) console.log(found.name, held);
 */
import type { Trust } from '../client/evidence.ts';
import { checkDeclaration } from '../declare/node/checkfiles.ts';
import { examineHeld, type HeldVerdict } from '../offline/examine-held.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { FoundEvidence } from './findevidence.ts';

/** The result for one set of evidence. */
export interface FoundVerdict extends HeldVerdict {
  readonly found: FoundEvidence;
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
  for (const found of all) {
    const { owned, named } = found;
    const verdict = await examineHeld(found, entries, trust, verify, async (statement) =>
      owned === undefined ? [] : checkDeclaration(statement, owned.opening, owned.base, named),
    );
    verdicts.push({ found, ...verdict });
  }
  return verdicts;
}
