/**
 * Decides whether the signatures in a logged proof are the target's, by the commitment that the proof names. openssl
 * alone does not show that.
 */
import { formatHex } from '../bytes/text.ts';
import { Refusal } from '../bytes/refusal.ts';
import { challengeOf } from './challenge.ts';
import { aimOf, signerOf, type Signer } from './identity.ts';
import { isTranscript } from './transcript.ts';
import { verifyTranscript } from './verify.ts';
import { isWithdrawal } from '../statement/commitment.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';

/**
 * The signer of each transcript that a result names, by its index among the attachments. `commitment`: the entry that the
 * proof names. As `verify`, it takes the agent's word for when the target signed.
 */
async function signersIn(
  { proof, subject }: Extract<ParsedStatement, { kind: 'proof' }>,
  commitment: Uint8Array,
): Promise<ReadonlyMap<string, Signer>> {
  const signers = new Map<string, Signer>();
  const parsed = parseStatement(commitment);
  if (parsed.kind !== 'commitment' || isWithdrawal(parsed.commitment)) return signers;
  const declaration = parsed.commitment;
  const expected = challengeOf(proof.challenge.root, proof.commitment, proof.challenge.nonce);
  const between = { from: proof.window.start, to: proof.window.end };
  for (const [i, { mediaType, data }] of (proof.attachments ?? []).entries()) {
    const result = proof.results.find(({ attachments }) => attachments?.includes(i));
    const claim = declaration.claims.find(({ id }) => id === result?.claim);
    if (data === undefined || !isTranscript(mediaType) || claim === undefined) continue;
    const verified = await verifyTranscript(data, expected);
    signers.set(String(i), await signerOf(verified, aimOf(claim, declaration, subject), between));
  }
  return signers;
}

/** The same, where the commitment cannot be had: nothing is known then. */
export async function signersKnown(
  statement: ParsedStatement,
  find: (id: string) => Promise<Uint8Array>,
): Promise<ReadonlyMap<string, Signer>> {
  if (statement.kind !== 'proof') return new Map();
  try {
    return await signersIn(statement, await find(formatHex(statement.proof.commitment)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return new Map();
  }
}
