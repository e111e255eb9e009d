/**
 * The payload of a monitor's notice: what it concludes from the log about the subject, the CWT `sub` of
 * the statement (design.md, "Silence fails"; spec/statements.md §6). Everyone can recompute it from the
 * log up to `checkpoint`.
 */
import { array, prose, record, type Of } from './schema.ts';
import { attachment, checkpoint, count, name, sha256, time, verdict } from './vocabulary.ts';

export const notice = record(
  {
    /** What kind of thing happened, a word of the monitor's: `stale`, `missed`, `broken-chain`. */
    topic: name,
    /** From when it has been so. */
    since: time,
    /** The tree head it was concluded from. */
    checkpoint,
    reason: prose(1, 2048),
  },
  {
    verdict,
    /** Entry id of what it is about, where it is about one entry: a commitment, a proof. */
    about: sha256,
    claim: name,
    /** Thumbprint of the agent's key. */
    agent: sha256,
    /** When something was to be there that is not. */
    due: time,
    /** The newest link of the chain that was there. */
    last: record({ seq: count, id: sha256 }),
    attachments: array(attachment, 16, 1),
  },
);
export type Notice = Of<typeof notice>;
