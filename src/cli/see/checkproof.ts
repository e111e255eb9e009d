/**
 * What `verify` makes of a runtime proof, offline: the signatures of the target over this proof's challenge, and each
 * verdict of class E3 or E4 judged again where the commitment is at hand. What an agent merely says it saw is its word,
 * and no check.
 */
import { createHash } from 'node:crypto';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { Checklist, type Check } from '../../client/checklist.ts';
import { challengeOf } from '../../evidence/challenge.ts';
import { REFUSAL_TYPE, verifyRefusal } from '../../evidence/tls-refusal-record.ts';
import { isTranscript } from '../../evidence/transcript.ts';
import { verifyTranscript } from '../../evidence/verify.ts';
import { parseStatement, type ParsedStatement } from '../../statement/parse.ts';
import { isWithdrawal, type Claim } from '../../statement/commitment.ts';
import type { Result } from '../../statement/proof.ts';
import { describeVerified, evidenceFault, unchecked } from './evidence.ts';

type ProofStatement = Extract<ParsedStatement, { kind: 'proof' }>;

/** Claims of the commitments among entries, by the hex entry id. What is no commitment is passed over. */
export function claimsIn(entries: readonly Uint8Array[]): ReadonlyMap<string, readonly Claim[]> {
  const claims = new Map<string, readonly Claim[]>();
  for (const entry of entries) {
    const commitment = commitmentIn(entry);
    if (commitment !== undefined && !isWithdrawal(commitment))
      claims.set(createHash('sha256').update(entry).digest('hex'), commitment.claims);
  }
  return claims;
}

function commitmentIn(entry: Uint8Array) {
  try {
    const parsed = parseStatement(entry);
    return parsed.kind === 'commitment' ? parsed.commitment : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined; // its own examination says so
    throw error;
  }
}

/** `claims`: those of the proof's commitment; undefined where that is not at hand. */
export function checkProof(parsed: ProofStatement, claims: readonly Claim[] | undefined): readonly Check[] {
  const list = new Checklist();
  const { challenge, commitment, attachments = [], results } = parsed.proof;
  const expected = challengeOf(challenge.root, commitment, challenge.nonce);
  for (const [i, { mediaType, data }] of attachments.entries()) {
    if (data !== undefined && mediaType === REFUSAL_TYPE)
      list.run('transcript', () => {
        const { version, asked } = verifyRefusal(data, expected);
        const said = `${asked.length} hellos of ${version} were refused, says the agent: they offered everything`;
        return [undefined, `attachment ${i}: ${said}`];
      });
    if (data === undefined || !isTranscript(mediaType)) continue;
    list.run('transcript', () => {
      const verified = verifyTranscript(data, expected);
      return [verified, `attachment ${i}: ${describeVerified(verified)}`];
    });
  }
  for (const result of results) {
    if (result.evidence === 'E3' || result.evidence === 'E4') checkResult(list, parsed, result, claims);
  }
  return list.checks;
}

function checkResult(
  list: Checklist,
  parsed: ProofStatement,
  result: Result,
  claims: readonly Claim[] | undefined,
): void {
  const said = `${result.claim} is ${result.verdict} [${result.evidence}]`;
  if (claims === undefined)
    return list.skip(
      'verdict',
      `${said}, says the agent; name the proof of the commitment too to judge again`,
    );
  const claim = claims.find(({ id }) => id === result.claim);
  const why = claim && unchecked({ parsed }, result, claim);
  if (why !== undefined) return list.skip('verdict', `${said}, says the agent: ${why}`);
  list.run('verdict', () => {
    if (claim === undefined)
      throw refuse('proof-failed', `the commitment has no claim ${result.claim}: ${said}, says the agent`);
    const fault = evidenceFault({ parsed }, result, claim);
    if (fault !== undefined) throw refuse('proof-failed', `${result.claim}: ${fault}`);
    return [undefined, `${said}: what was signed shows it`];
  });
}
