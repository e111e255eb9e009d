/**
 * Checkpoints (C2SP tlog-checkpoint): a signed note whose text is at least three non-empty lines.
 *
 *     log.example/evidence                             origin: which log
 *     5                                                tree size, decimal
 *     ED+PhOiEPLyKXHcbkrdt17ttU8TPAWu3CAv4dVmqqGY=     base64 of the RFC 6962 root
 *
 * Extension lines may follow; we read them and never write any (NOT RECOMMENDED: nobody can audit them).
 * A log signs plainly with Ed25519 (type 01) and as cosigner of itself with ML-DSA-44 (type 06); witnesses
 * cosign with type 04 or 06.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { treeSize, type Digest, type TreeSize } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8, formatBase64, formatHex } from '../bytes/text.ts';
import { verifyWithNoble, type VerifySignature } from '../sign/algorithm.ts';
import { cosignatureMessage, decodeTimed, encodeTimed, subtreeMessage, type Subtree } from './cosignature.ts';
import { hasControl, readDecimal, readDigest, readLines, readText } from './fields.ts';
import { sameVerifier, signerId, type NoteSigner, type NoteType, type NoteVerifier } from './key.ts';
import {
  formatNote,
  parseNote,
  verifyNote,
  type NoteSignature,
  type SignatureLine,
  type Unseal,
} from './note.ts';

/** What a checkpoint says. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: TreeSize;
  readonly root: Digest;
  readonly extensions: readonly string[];
}

/** Whose signatures count. */
export interface CheckpointKeys {
  /**
   * The log expected. If given, every key of `logKeys` may sign for it. If not, a log key signs only for the
   * origin that is its own name, as in a trust policy (C2SP tlog-policy §Defining a log).
   */
  readonly origin?: string | undefined;
  /** Types 01 and 06. */
  readonly logKeys: readonly NoteVerifier[];
  /** Types 04 and 06. */
  readonly witnessKeys?: readonly NoteVerifier[];
  /** Another kernel than noble's; it must verify as strictly. */
  readonly verify?: VerifySignature | undefined;
}

/** A witness's word that the tree it saw at `time` (POSIX seconds; 0: no claim) had this root. */
export interface Cosignature {
  readonly verifier: NoteVerifier;
  readonly time: number;
  readonly line: SignatureLine;
}

/** A checkpoint signed by its log. `text` is what was signed; `unknown` are lines of keys not asked about. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly logSignatures: readonly NoteSignature[];
  readonly cosignatures: readonly Cosignature[];
  readonly unknown: readonly SignatureLine[];
}

/** The note text of a checkpoint, extension lines included. An empty or multi-line field: RangeError. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, String(size), formatBase64(root), ...extensions];
  if (lines.some((line) => line === '' || line.includes('\n') || hasControl(line))) {
    throw new RangeError('an origin or extension line is empty or has a control byte');
  }
  return `${lines.join('\n')}\n`;
}

/** Reads the note text of a checkpoint (not the signed note). Refuses `malformed-checkpoint`. */
export function parseCheckpoint(text: string): Checkpoint {
  const code = 'malformed-checkpoint';
  const [origin, size, root, ...extensions] = readLines(readText(text, code), code);
  if (origin === undefined || size === undefined || root === undefined) {
    throw refuse(code, 'a checkpoint has at least three lines: origin, size, root');
  }
  if (origin === '' || extensions.includes('')) throw refuse(code, 'a line of the checkpoint is empty');
  return {
    origin,
    size: treeSize(readDecimal(size, code, 'tree size')),
    root: readDigest(root, code, 'root hash'),
    extensions,
  };
}

/** The whole tree of a checkpoint as the subtree an ML-DSA-44 cosigner signs. */
function wholeTree({ origin, size, root }: Checkpoint): Subtree {
  return { origin, start: 0, end: size, hash: root };
}

/** The bytes that a key of this name and type signs on a checkpoint. `time`: POSIX seconds, unused by type 01. */
export function checkpointMessage(
  checkpoint: Checkpoint,
  name: string,
  type: NoteType,
  time: number,
): Uint8Array<ArrayBuffer> {
  if (type === 6) return subtreeMessage(name, time, wholeTree(checkpoint));
  const text = formatCheckpoint(checkpoint);
  return type === 4 ? cosignatureMessage(text, time) : encodeUtf8(text);
}

/**
 * One signature line on a checkpoint: a witness's cosignature (types 04, 06), or one of the log's own lines.
 * The caller has made sure that the checkpoint is durable and consistent with all that the key signed before.
 */
export async function cosign(
  checkpoint: Checkpoint,
  signer: NoteSigner,
  time: number,
): Promise<SignatureLine> {
  const { name, type } = signer;
  const signature = await signer.signer.sign(checkpointMessage(checkpoint, name, type, time));
  return { name, id: signerId(signer), blob: type === 1 ? signature : encodeTimed(time, signature) };
}

/**
 * A log's signed checkpoint, one line per signer in their order. `time`: POSIX seconds, in timestamped lines.
 * Extension lines are a bug of the caller: RangeError.
 */
export async function signCheckpoint(
  checkpoint: Checkpoint,
  signers: readonly NoteSigner[],
  time: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (checkpoint.extensions.length > 0) throw new RangeError('this log signs no extension lines');
  const lines = await Promise.all(signers.map((signer) => cosign(checkpoint, signer, time)));
  return formatNote(formatCheckpoint(checkpoint), lines);
}

/**
 * Opens a signed checkpoint. Refuses `malformed-note`, `malformed-checkpoint`, `too-large`, and
 * `unknown-signer` when it is of another origin, no log key signed it, or the line of any known key fails
 * (C2SP signed-note §Signatures). `malformed-key`: a key whose type does not fit its part.
 */
export function openCheckpoint(note: Uint8Array | string, keys: CheckpointKeys): OpenedCheckpoint {
  const { logKeys, witnessKeys = [], verify = verifyWithNoble } = keys;
  assertTypes(logKeys, 4, 'a log signs with a key of type 01 or 06');
  assertTypes(witnessKeys, 1, 'a witness signs with a key of type 04 or 06');
  const parsed = parseNote(note);
  const checkpoint = parseCheckpoint(parsed.text);
  const { origin } = checkpoint;
  if (keys.origin !== undefined && keys.origin !== origin) {
    throw refuse('unknown-signer', `the checkpoint is of the log "${origin}", not of "${keys.origin}"`);
  }
  const speaking = logKeys.filter((key) => keys.origin !== undefined || key.name === origin);
  const opened = verifyNote(parsed, [...speaking, ...witnessKeys], verify, unsealOn(checkpoint));
  const by = (list: readonly NoteVerifier[]): NoteSignature[] =>
    opened.signatures.filter(({ verifier }) => list.some((key) => sameVerifier(key, verifier)));
  const logSignatures = by(speaking);
  if (logSignatures.length === 0) {
    const what =
      logKeys.length === 0
        ? `no key of the log "${origin}" is given; a policy needs a line \`log\` for it`
        : `no known key of the log "${origin}" signed the checkpoint; check its verifier key`;
    throw refuse('unknown-signer', what);
  }
  const cosignatures = by(witnessKeys).map(({ verifier, line, time = 0 }) => ({ verifier, line, time }));
  return { checkpoint, text: parsed.text, logSignatures, cosignatures, unknown: opened.unknown };
}

/**
 * The cosignatures of a checkpoint text among bare signature lines: a witness's reply. Lines of other keys are
 * left out (C2SP tlog-witness). Refuses `unknown-signer` when no line is by a known key, or a known key's fails.
 */
export function openCosignatures(
  text: string,
  lines: readonly SignatureLine[],
  witnessKeys: readonly NoteVerifier[],
  verify: VerifySignature = verifyWithNoble,
): readonly Cosignature[] {
  assertTypes(witnessKeys, 1, 'a witness signs with a key of type 04 or 06');
  const { signatures } = verifyNote({ text, lines }, witnessKeys, verify, unsealOn(parseCheckpoint(text)));
  return signatures.map(({ verifier, line, time = 0 }) => ({ verifier, line, time }));
}

function assertTypes(keys: readonly NoteVerifier[], unfit: NoteType, rule: string): void {
  const wrong = keys.find((key) => key.type === unfit);
  if (wrong !== undefined)
    throw refuse('malformed-key', `${rule}; the key of ${wrong.name} has type 0${unfit}`);
}

function unsealOn(checkpoint: Checkpoint): Unseal {
  return ({ name, type }, blob) => {
    if (type === 1)
      return { message: checkpointMessage(checkpoint, name, 1, 0), signature: blob, time: undefined };
    const timed = decodeTimed(type, blob);
    return timed && { message: checkpointMessage(checkpoint, name, type, timed.time), ...timed };
  };
}

/** Lower-case hex SHA-256 of an origin: its name in URLs (C2SP tlog-witness, tlog-mirror). */
export function originHash(origin: string): string {
  return formatHex(sha256(encodeUtf8(origin)));
}
