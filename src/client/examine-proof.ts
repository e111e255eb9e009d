/**
 * Examines a runtime proof offline: the target's signatures over the proof's challenge, and each verdict of class E3 or
 * E4, judged again if the commitment is at hand. What an agent only states (E0, E1) cannot be checked.
 */
import { refuse } from '../bytes/refusal.ts';
import { Checklist, type Check } from '../bytes/checklist.ts';
import { challengeOf } from '../evidence/challenge.ts';
import { REFUSAL_TYPE, verifyRefusal } from '../evidence/tls-refusal-record.ts';
import { isUnread } from '../evidence/tls-fields.ts';
import { isTranscript } from '../evidence/transcript.ts';
import { verifyTranscript } from '../evidence/verify.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Declaration } from '../statement/commitment.ts';
import type { Result } from '../statement/proof.ts';
import { describeVerified, weigh } from '../evidence/weigh.ts';
import { signedFactsFor } from '../probe/signed.ts';

type ProofStatement = Extract<ParsedStatement, { kind: 'proof' }>;

/** `declaration`: of the proof's commitment; undefined where that is not at hand. */
export async function checkProof(
  parsed: ProofStatement,
  declaration: Declaration | undefined,
): Promise<readonly Check[]> {
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
    if (data !== undefined && isTranscript(mediaType))
      await checkTranscript(list, `attachment ${i}`, data, expected);
  }
  for (const result of results) {
    if (result.evidence === 'E3' || result.evidence === 'E4')
      await checkResult(list, parsed, result, declaration);
  }
  return list.checks;
}

/** A transcript that this program cannot read neither passes nor fails. */
async function checkTranscript(
  list: Checklist,
  which: string,
  data: Uint8Array,
  challenge: Uint8Array,
): Promise<void> {
  try {
    const verified = await verifyTranscript(data, challenge);
    list.run('transcript', () => [undefined, `${which}: ${describeVerified(verified)}`]);
  } catch (error) {
    if (isUnread(error)) return list.skip('transcript', `${which}: ${error.message}`);
    list.run('transcript', () => {
      throw error;
    });
  }
}

async function checkResult(
  list: Checklist,
  parsed: ProofStatement,
  result: Result,
  declaration: Declaration | undefined,
): Promise<void> {
  const said = `${result.claim} is ${result.verdict} [${result.evidence}]`;
  if (declaration === undefined)
    return list.skip(
      'verdict',
      `${said}, says the agent; name the proof of the commitment too to judge again`,
    );
  const claim = declaration.claims.find(({ id }) => id === result.claim);
  // Offline only the agent's own statement of when it observed is available.
  const { start, end } = parsed.proof.window;
  const by = {
    declaration,
    subject: parsed.subject,
    between: { from: start, to: end },
    signed: signedFactsFor,
  };
  const weighed = claim && (await weigh({ parsed }, result, claim, by));
  if (weighed?.fault === undefined && weighed?.unchecked !== undefined)
    return list.skip('verdict', `${said}, says the agent: ${weighed.unchecked}`);
  list.run('verdict', () => {
    if (weighed === undefined)
      throw refuse('proof-failed', `the commitment has no claim ${result.claim}: ${said}, says the agent`);
    if (weighed.fault !== undefined) throw refuse('proof-failed', `${result.claim}: ${weighed.fault}`);
    return [undefined, `${said}: what was signed shows it`];
  });
}
