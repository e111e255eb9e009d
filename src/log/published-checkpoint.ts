/**
 * The last published checkpoint, stored for the next start. What was readable stays readable while witnesses are away,
 * and a reader is never shown a smaller tree after a restart.
 *
 *     tallystick/published/v1
 *     time 1800000000                    of the head, POSIX seconds
 *     seal <base64> <base64>             protected header and signature of receipts under this head
 *
 *     <the signed note, with the log's lines and the cosignatures>
 *
 * The file is not trusted: signatures, quorum, seal and tree are checked again.
 */
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, formatBase64, parseBase64, parseDecimal } from '../bytes/text.ts';
import { sigStructure } from '../cose/sign1.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../note/checkpoint.ts';
import type { NoteVerifier } from '../note/key.ts';
import { formatNote } from '../note/note.ts';
import { quorumMet, type TrustPolicy } from '../note/trust.ts';
import type { PublicKey, VerifySignature } from '../sign/algorithm.ts';
import { linesOf, type Lines } from './witness-client.ts';
import type { LogReader, SealedHead } from './ports.ts';

const FORM = /^tallystick\/published\/v1\ntime ([0-9]{1,16})\nseal ([^ \n]+) ([^ \n]+)\n\n/;

/** Text of the file. */
export function formatPublished(note: Uint8Array, { time, seal }: SealedHead): string {
  const parts = [seal.protectedBytes, seal.signature].map(formatBase64);
  return `tallystick/published/v1\ntime ${time}\nseal ${parts.join(' ')}\n\n${decodeUtf8(note)}`;
}

export interface PublishedParts {
  readonly origin: string;
  readonly logKeys: readonly NoteVerifier[];
  readonly receiptKeys: readonly PublicKey[];
  readonly policy: TrustPolicy;
  readonly verify: VerifySignature;
  readonly reader: Pick<LogReader, 'head' | 'root'>;
}

/** A note to continue with: the log's own lines, and each witness's. */
export interface PublishedCheckpoint {
  readonly note: Uint8Array;
  readonly head: SealedHead;
  readonly lines: Lines;
}

/**
 * Reads the file and checks all of it. Refuses `behind-signed-head` if this log's key signed a tree that the store does
 * not contain; the log must not start then. Any other refusal means that the file is useless and can be ignored:
 * `malformed-…`, `unknown-signer`, `quorum-unmet`, `bad-signature`.
 */
export async function openPublished(file: Uint8Array, parts: PublishedParts): Promise<PublishedCheckpoint> {
  const text = decodeUtf8(file);
  const [header, time = '', protectedText = '', signatureText = ''] = FORM.exec(text) ?? [];
  if (header === undefined) throw refuse('malformed-note', 'it is not of the form tallystick/published/v1');
  const { origin, logKeys, policy, verify } = parts;
  const witnessKeys = policy.witnesses.map(({ verifier }) => verifier);
  const opened = openCheckpoint(text.slice(header.length), { origin, logKeys, witnessKeys, verify });
  await assertOnTree(opened, parts.reader);
  if (!quorumMet(policy, opened.cosignatures))
    throw refuse('quorum-unmet', 'it lacks the quorum that the witness policy asks for now');
  const seal = { protectedBytes: parseBase64(protectedText), signature: parseBase64(signatureText) };
  const { size, root } = opened.checkpoint;
  const sealed = sigStructure(seal.protectedBytes, root);
  if (!parts.receiptKeys.some((key) => verify(key, sealed, seal.signature)))
    throw refuse('bad-signature', 'no receipt key of this log signed its seal');
  return {
    note: formatNote(
      opened.text,
      opened.logSignatures.map(({ line }) => line),
    ),
    head: { size, root, time: parseDecimal(time), seal },
    lines: linesOf(opened.cosignatures, policy.witnesses),
  };
}

/** Refuses `behind-signed-head`, with the way out, if the log does not contain a checkpoint that its key signed. */
export async function assertOnTree(
  { checkpoint: { size, root } }: OpenedCheckpoint,
  reader: PublishedParts['reader'],
): Promise<void> {
  const held = reader.head().size;
  if (size > held) {
    throw refuse(
      'behind-signed-head',
      `the store holds ${held} entries, and this log signed a checkpoint of ${size}: it is an old copy; read spec/operations.md "A store behind its guard"`,
    );
  }
  if (equalBytes(await reader.root(size), root)) return;
  throw refuse(
    'behind-signed-head',
    `this store's tree of ${size} is not the one that this log signed: it is another history; read spec/operations.md "A store behind its guard"`,
  );
}
