/**
 * The payload of a monitor's notice: what it concludes from the log about the subject, the CWT `sub` of
 * the statement (design.md, "Silence fails"; spec/statements.md §6). Everyone can recompute it from the
 * log up to `checkpoint`.
 */
import { array, prose, record, type Of } from './schema.ts';
import { attachment, checkpoint, count, name, sha256, time, verdict } from './vocabulary.ts';

export const notice = record(
  {
    /** What happened, in a word that the monitor chooses; this program's monitors write `stale`. */
    topic: name,
    /** Since when this has been so. */
    since: time,
    /** The tree head it was concluded from. */
    checkpoint,
    reason: prose(1, 2048),
  },
  {
    verdict,
    /** Entry id of the commitment or proof that it is about, if it is about one entry. */
    about: sha256,
    claim: name,
    /** Thumbprint of the agent's key. */
    agent: sha256,
    /** When the missing entry was due. */
    due: time,
    /** The newest proof of the chain that the log had. */
    last: record({ seq: count, id: sha256 }),
    attachments: array(attachment, 16, 1),
  },
);
export type Notice = Of<typeof notice>;
