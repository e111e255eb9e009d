/** The handshakes in a logged proof, as files that openssl and ssh-keygen read (spec/transcripts.md §6). */
import { join } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import { challengeOf } from '../evidence/challenge.ts';
import { checkByHand } from '../evidence/signed-content.ts';
import { verifyTranscript } from '../evidence/verify.ts';
import type { ParsedStatement } from '../statement/admit.ts';
import { replaceFile } from './files.ts';
import { isTranscript } from './see/evidence.ts';

/** A folder for each transcript, and the commands that check it there. */
export interface Written {
  readonly folder: string;
  readonly commands: readonly string[];
}

/**
 * Writes a folder for each transcript, named by its index among the attachments. Each is verified first, so that the
 * files are those of the challenge. Refuses `usage` for what is no proof, `not-found` for one without transcripts,
 * and what `verifyTranscript` does.
 */
export async function writeTranscripts(statement: ParsedStatement, out: string): Promise<readonly Written[]> {
  if (statement.kind !== 'proof')
    throw refuse('usage', `the entry is a ${statement.kind}; transcripts are in proofs, which \`why\` names`);
  const { commitment, challenge, attachments = [] } = statement.proof;
  const expected = challengeOf(challenge.root, commitment, challenge.nonce);
  const written: Written[] = [];
  for (const [i, { mediaType, data }] of attachments.entries()) {
    if (data === undefined || !isTranscript(mediaType)) continue;
    const { files, commands } = checkByHand(verifyTranscript(data, expected));
    const folder = join(out, String(i));
    const script = `set -e\n${commands.join('\n')}\n`;
    for (const [name, bytes] of [...files, ['transcript.cbor', data], ['check.sh', script]] as const)
      await replaceFile(join(folder, name), bytes);
    written.push({ folder, commands });
  }
  if (written.length > 0) return written;
  throw refuse(
    'not-found',
    'the proof holds no transcript: nothing in it is signed by its target, or its agent keeps the bytes',
  );
}
