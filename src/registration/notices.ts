/**
 * What the log asks of a notice beyond its schema (spec/statements.md §7), and how a reader opens the head in a
 * `witnessed` notice. The log and every replay judge the form alone: whose signatures a head has is for the reader to
 * say, by the trust policy of the reader.
 */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { openTrusted, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { originOfNotice, type Notice, type WitnessedNotice } from '../statement/notice.ts';

/**
 * Refuses `wrong-audience` for a notice about a head of another log, and `subject-mismatch` for a `witnessed` notice
 * whose subject is not the log itself: so all of them are found under one subject.
 */
export function assertNotice(origin: string, subject: string, notice: Notice): void {
  const named = originOfNotice(notice);
  if (named !== origin)
    throw refuse(
      'wrong-audience',
      `the notice is about a head of ${printable(named)}, and this log is ${origin}; log it there`,
    );
  if (notice.topic === 'witnessed' && subject !== origin)
    throw refuse(
      'subject-mismatch',
      `a notice witnessed is about the log itself; set the subject (sub) to ${origin}`,
    );
}

/**
 * Opens the head of a `witnessed` notice that is entry `index`. Refuses as `openTrusted` does (another log's head, a
 * head without the log's signature or without the quorum), `quorum-unmet` when the policy asks for no witness, and `proof-failed` for a head that is larger than the log was
 * when the notice was logged: no tree can contain its own later head. That the head belongs to the tree that the reader
 * sees, the caller shows by a consistency proof.
 */
export function openWitnessed(
  index: number,
  { note }: Pick<WitnessedNotice, 'note'>,
  trust: TrustPolicy,
  verify?: VerifySignature,
): OpenedCheckpoint {
  if (trust.quorum === 'none')
    throw refuse(
      'quorum-unmet',
      'the trust policy asks for no witness: a head says no more than the log does',
    );
  const opened = openTrusted(note, trust, verify);
  const { size } = opened.checkpoint;
  if (size > index)
    throw refuse(
      'proof-failed',
      `the notice is entry ${index} and holds a head of ${size} entries, which came later: two trees were signed`,
    );
  return opened;
}
