/**
 * Signs with a key that only a program can use: a KMS, Vault, a hardware module (spec/signers.md). The program is
 * called with one word, `public` or `sign`. Its answers are checked: the key must be strong and the one that was named,
 * and each signature must verify under it.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { concatBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, parseBase64Url } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import { SIGNATURE_LENGTH, verifyWithNoble, type PublicKey } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';
import { EXEC_PREFIX } from './names.ts';
import { readPublicKey } from './public.ts';
import { printable } from '../bytes/printable.ts';
import { runChild, type Child, type ChildEnd } from '../platform/child.ts';

interface ExecOptions {
  readonly timeoutMs?: number;
}

/** A person may have to touch a token, and a KMS may be far away. */
const ANSWER_TIMEOUT_MS = 60_000;
/** An ML-DSA-44 key as PEM, or a signature in base64, takes less than half of this. */
const MAX_ANSWER_BYTES = 8_192;

/**
 * A signer for the key of a program. `name`: `/path/to/program`, or `/path/to/program#` and the thumbprint (RFC 9679, 64
 * hex digits) that the key must then have. Refuses `key-file`: no absolute path, no program, one that others may change,
 * no key, another key. `sign` refuses `key-file`, and `bad-signature` for a signature that does not verify.
 */
export async function execSigner(name: string, options: ExecOptions = {}): Promise<Signer> {
  const { path, pin } = parseName(name);
  await assertProgram(path);
  const ask = (word: 'public' | 'sign', input?: Uint8Array): Promise<Uint8Array> =>
    runProgram(path, word, {
      input,
      timeoutMs: options.timeoutMs ?? ANSWER_TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
  const publicKey = readAnswer(await ask('public'), path);
  const kid = keyThumbprint(publicKey).toHex();
  if (pin !== undefined && pin !== kid)
    throw refuse('key-file', `${path} has the key ${kid}, not the one that was named, ${pin}`);
  return {
    publicKey,
    async sign(message) {
      const answer = await ask('sign', message);
      const signature = readings(answer, publicKey).find((each) => verifyWithNoble(publicKey, message, each));
      if (signature !== undefined) return signature;
      throw refuse(
        'bad-signature',
        `what ${path} printed for "sign" (${answer.length} bytes) is no signature over its standard input under the ` +
          `key ${kid}, neither as bytes nor as base64`,
      );
    },
  };
}

function parseName(name: string): { readonly path: string; readonly pin: string | undefined } {
  const [, path = '', pin] = /^([^#]*)(?:#([0-9a-f]{64}))?$/.exec(name) ?? [];
  if (isAbsolute(path)) return { path, pin };
  throw refuse(
    'key-file',
    `${EXEC_PREFIX} takes the absolute path of a program, and "#" and its key's thumbprint (64 hex digits) if ` +
      `another key shall be refused; got ${name === '' ? 'nothing' : name}`,
  );
}

/** Whoever can change the program can sign with the key. This finds careless permissions; it does not stop a race. */
async function assertProgram(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw refuse('key-file', `${path} is not there or cannot be reached; name the program that signs`, {
      cause: error,
    });
  });
  if (!found.isFile()) throw refuse('key-file', `${path} is not a program`);
  const user = process.getuid?.();
  if (user !== undefined) {
    if (found.uid !== user && found.uid !== 0)
      throw refuse(
        'key-file',
        `${path} belongs to another user (uid ${found.uid}), who could sign with your key; chown it`,
      );
    if (isWritable(found.mode, GROUP) || isWritable(found.mode, OTHERS))
      throw refuse(
        'key-file',
        `${path} can be changed by others, who could sign with your key; run: chmod go-w ${path}`,
      );
  }
  await access(path, constants.X_OK).catch((error: unknown) => {
    throw refuse('key-file', `${path} may not be executed; run: chmod u+x ${path}`, { cause: error });
  });
}

/** Place values of the permissions of a file's group, and of everybody. */
const GROUP = 0o10;
const OTHERS = 0o1;

function isWritable(mode: number, whose: number): boolean {
  return Math.floor(mode / (2 * whose)) % 2 === 1;
}

function readAnswer(answer: Uint8Array, path: string): PublicKey {
  try {
    return readPublicKey(answer, 'its answer');
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'malformed-key') throw error;
    throw refuse('key-file', `${path} was asked for its public key: ${error.message}`, { cause: error });
  }
}

/** What an answer may mean: the bytes themselves, or base64 of them; of ECDSA as r ‖ s or as DER. */
function readings(answer: Uint8Array, { algorithm }: PublicKey): readonly Uint8Array[] {
  const decoded = fromBase64(answer);
  const forms = decoded === undefined ? [answer] : [answer, decoded];
  const raw = forms.flatMap((each) => (algorithm === 'ecdsa-p256' ? [each, ...fromDer(each)] : [each]));
  return raw
    .filter(({ length }) => length === SIGNATURE_LENGTH[algorithm])
    .map((each) => Uint8Array.from(each));
}

/** Base64 as tools print it: of either alphabet, padded or not, in lines. */
function fromBase64(answer: Uint8Array): Uint8Array | undefined {
  try {
    const text = decodeUtf8(answer).replaceAll(/\s/g, '').replace(/=+$/, '');
    return parseBase64Url(text.replaceAll('+', '-').replaceAll('/', '_'));
  } catch {
    return undefined;
  }
}

/** r ‖ s of `ECDSA-Sig-Value` (RFC 3279 §2.2.3): two INTEGERs of at most 32 bytes. The caller verifies the signature. */
function fromDer(der: Uint8Array): readonly Uint8Array[] {
  const numbers: Uint8Array[] = [];
  let at = 2;
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return [];
  for (let i = 0; i < 2; i++) {
    const length = der[at + 1] ?? 0;
    const number = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 2 || length === 0 || number.length !== length) return [];
    const trimmed = number[0] === 0 ? number.subarray(1) : number;
    if (trimmed.length > 32) return [];
    numbers.push(concatBytes(new Uint8Array(32 - trimmed.length), trimmed));
    at += 2 + length;
  }
  return at === der.length ? [concatBytes(...numbers)] : [];
}

type RunLimits = Pick<Child, 'input' | 'timeoutMs' | 'maxBytes'>;

/** Characters of standard error that a refusal repeats. */
const MAX_COMPLAINT = 300;

/**
 * What the program printed, when it ended well. Refuses `key-file` when it cannot be started, fails, prints too
 * much or is not done in time.
 */
async function runProgram(path: string, word: string, limits: RunLimits): Promise<Uint8Array> {
  const end = await runChild({ argv: [path, word], maxComplaint: MAX_COMPLAINT, ...limits });
  if (end.kind === 'exited' && end.code === 0) return end.output;
  const cause = end.kind === 'not-started' ? end.cause : undefined;
  throw refuse('key-file', `${path} ${word} ${faultOf(end, limits)}`, { cause });
}

function faultOf(end: ChildEnd, { timeoutMs, maxBytes }: RunLimits): string {
  if (end.kind === 'not-started') return `cannot be started: ${end.cause.message}`;
  if (end.kind === 'too-large') return `printed more than ${maxBytes} bytes, which no key or signature has`;
  if (end.kind !== 'exited') return `was not done within ${timeoutMs} ms`;
  const complaint = end.complaint.trim();
  const said = complaint === '' ? '' : `: ${printable(complaint, MAX_COMPLAINT)}`;
  return `failed (${end.code === undefined ? end.signal : `exit code ${end.code}`})${said}`;
}
