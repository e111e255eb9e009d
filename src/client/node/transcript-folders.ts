/** The handshakes in a logged proof, as files that openssl and ssh-keygen read (spec/transcripts.md §6). */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../../bytes/compare.ts';
import { refuse } from '../../bytes/refusal.ts';
import { challengeOf } from '../../evidence/challenge.ts';
import { checkByHand } from '../../evidence/signed-content.ts';
import { isTranscript } from '../../evidence/transcript.ts';
import { verifyTranscript } from '../../evidence/verify.ts';
import type { Signer } from '../../evidence/identity.ts';
import { signersKnown } from '../../evidence/signers.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import { readNamedFile, replaceFile } from '../../platform/files.ts';

/** A folder for each transcript, and the commands that check it there. */
export interface Written {
  readonly folder: string;
  readonly commands: readonly string[];
  /** Whose signature it is, by the commitment; undefined where that cannot be told. */
  readonly signer: Signer | undefined;
}

const TRANSCRIPT = 'transcript.cbor';
/** What check.sh says around the commands. */
const SIGNED = ['# The key signed it: compare the key with the one that was committed to.'];
const TIED = [
  '# What it signed is made of the challenge. root.bin is the root of a checkpoint of the log, commitment.bin the entry',
  '# id of the commitment: compare them with yours.',
];
const FOUND = "echo 'signed.bin is made of root.bin, commitment.bin and nonce.bin'";

/**
 * Writes a folder for each transcript, named by its index among the attachments. Each is verified first, so that the
 * files are those of the challenge. `find`: an entry by its id, for the commitment. Refuses `usage` for what is no proof and for a folder that holds transcripts of
 * another, `not-found` for one without transcripts, and what `verifyTranscript` does.
 */
export async function writeTranscripts(
  statement: ParsedStatement,
  out: string,
  find: (id: string) => Promise<Uint8Array>,
): Promise<readonly Written[]> {
  if (statement.kind !== 'proof')
    throw refuse('usage', `the entry is a ${statement.kind}; transcripts are in proofs, which \`why\` names`);
  const { commitment, challenge, attachments = [] } = statement.proof;
  const expected = challengeOf(challenge.root, commitment, challenge.nonce);
  const parts = [
    ['root.bin', challenge.root],
    ['commitment.bin', commitment],
    ['nonce.bin', challenge.nonce],
  ] as const;
  const transcripts = new Map<string, Uint8Array>();
  for (const [i, { mediaType, data }] of attachments.entries())
    if (data !== undefined && isTranscript(mediaType)) transcripts.set(String(i), data);
  await assertOwn(out, transcripts);
  const signers = await signersKnown(statement, find);
  const written: Written[] = [];
  for (const [name, data] of transcripts) {
    const { files, ties, commands } = checkByHand(await verifyTranscript(data, expected));
    const folder = join(out, name);
    const script = ['set -e', ...SIGNED, ...commands, ...TIED, ...ties, FOUND, ''].join('\n');
    // The transcript first: it tells whose folder it is, also when we die here.
    for (const [file, bytes] of [[TRANSCRIPT, data], ...parts, ...files, ['check.sh', script]] as const)
      await replaceFile(join(folder, file), bytes);
    written.push({ folder, commands: [...commands, ...ties], signer: signers.get(name) });
  }
  if (written.length > 0) return written;
  throw refuse(
    'not-found',
    'the proof holds no transcript: nothing in it is signed by its target, or its agent keeps the bytes',
  );
}

/** What lies there of another proof would be taken for this one's, and its check.sh would say that all is well. */
async function assertOwn(out: string, transcripts: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const name of existsSync(out) ? await readdir(out) : []) {
    const own = transcripts.get(name);
    const path = join(out, name, TRANSCRIPT);
    const there = existsSync(path) ? await readNamedFile(path) : undefined;
    const foreign = there === undefined ? own !== undefined : own === undefined || !equalBytes(own, there);
    if (foreign)
      throw refuse(
        'usage',
        `${join(out, name)} is not of this entry; name a directory of its own, or remove that one`,
      );
  }
}
