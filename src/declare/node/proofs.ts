/**
 * A proof directory has all about one logged statement that a verifier needs besides the log's verifier key. Each file is
 * written whole or not at all.
 *
 *     statement.cose      the statement with its receipt attached (RFC 9943 §7)
 *     receipt.cbor        the receipt alone (RFC 9942)
 *     entry.tlog-proof    the entry's place under a signed checkpoint (C2SP tlog-proof)
 *     policy.cose         the registration policy entry in force
 *     policy.tlog-proof   that entry's place
 *     keys.cose           a later policy entry, when only that one names the receipt's key
 *     keys.tlog-proof     that entry's place
 *     opening.json        salts and leaves of declared files: for their owner alone, mode 0600
 *     leaves.json         the same of a declaration that was read from a source
 *     disclosure.json     chosen leaves, for the person who gets this directory
 *     openings.json       opened observations of a proof, for the person who gets this directory
 *     earlier/<entry id>/ the same of each commitment that was replaced (earlier.ts)
 */
import { createHash } from 'node:crypto';
import { EVIDENCE_FILES } from '../../client/proof-store.ts';
import { DISCLOSURE_FILE, LEAVES_FILE } from '../leafopening.ts';
import { OPENING_FILE } from '../opening.ts';
import { OPENINGS_FILE } from '../openings-file.ts';

export const PROOF_FILES = {
  ...EVIDENCE_FILES,
  opening: OPENING_FILE,
  leaves: LEAVES_FILE,
  disclosure: DISCLOSURE_FILE,
  openings: OPENINGS_FILE,
} as const;

/** Default folder of all proof directories, in the working directory. */
export const PROOFS_FOLDER = 'tallystick-proofs';

/** Longest name made from a subject. */
const MAX_SLUG = 80;

/** A directory name for a subject: itself when it can be one, else a readable part and eight digits of its hash. */
export function slugOf(subject: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(subject) && subject.length <= MAX_SLUG) return subject;
  const words = subject
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, MAX_SLUG);
  const hash = createHash('sha256').update(subject).digest('hex').slice(0, 8);
  return words === '' ? hash : `${words}-${hash}`;
}
