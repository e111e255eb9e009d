/**
 * Ed25519 by WebCrypto, in browsers and in Node, as strict as `verifyWithNoble` and twenty times as fast. Chromium's alone accepts
 * keys of small order, under which anybody can sign. WebCrypto answers later, so it is no `VerifySignature`: `answeredAhead` asks
 * it before the verifier is needed.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Lru } from '../bytes/lru.ts';
import { encodeUtf8, formatHex, parseHex } from '../bytes/text.ts';
import { assertStrongKey, PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH } from './algorithm.ts';
import type { PublicKey, VerifySignature } from './algorithm.ts';
import { isAskable } from './strict-ed25519.ts';

type Subtle = typeof globalThis.crypto.subtle;
type Imported = Awaited<ReturnType<Subtle['importKey']>>;

/** Most keys kept. */
const KEPT_KEYS = 64;
/** Keys used last, by hex: imported; undefined for one that is not strong, or that WebCrypto does not take. */
const keys = new Lru<string, Promise<Imported | undefined>>(KEPT_KEYS, () => 1);

/** Whether a signature is good; undefined: this place cannot tell, and another verifier has to. Never throws. */
export type VerifyAhead = (
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean | undefined>;

/** Ed25519 by a WebCrypto that passed the test below, under strong keys. */
export const verifyOnWeb: VerifyAhead = async (key, message, signature) => {
  const subtle = webCrypto();
  if (subtle === undefined || key.algorithm !== 'ed25519') return undefined;
  if (!(await isSound(subtle))) return undefined;
  const imported = await strongKey(subtle, key);
  return imported === undefined ? undefined : ask(subtle, imported, message, signature);
};

function webCrypto(): Subtle | undefined {
  const { subtle }: { readonly subtle?: Subtle } = globalThis.crypto;
  return subtle;
}

async function ask(
  subtle: Subtle,
  key: Imported,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | undefined> {
  if (signature.length !== SIGNATURE_LENGTH.ed25519 || !isAskable(signature)) return false;
  try {
    // Copies, since WebCrypto takes no shared memory.
    return await subtle.verify('Ed25519', key, Uint8Array.from(signature), Uint8Array.from(message));
  } catch {
    return undefined;
  }
}

async function strongKey(subtle: Subtle, key: PublicKey): Promise<Imported | undefined> {
  if (key.bytes.length !== PUBLIC_KEY_LENGTH.ed25519) return undefined;
  const id = formatHex(key.bytes);
  const known = keys.get(id) ?? importStrong(subtle, key);
  keys.set(id, known);
  return known;
}

async function importStrong(subtle: Subtle, key: PublicKey): Promise<Imported | undefined> {
  try {
    assertStrongKey(key);
    return await subtle.importKey('raw', Uint8Array.from(key.bytes), 'Ed25519', false, ['verify']);
  } catch {
    return undefined;
  }
}

/** The answer of each WebCrypto that was tested. */
const tested = new WeakMap<Subtle, Promise<boolean>>();

/**
 * Whether a WebCrypto accepts a good signature, and refuses one whose R has a part of small order, which verifiers accept that
 * multiply by the cofactor.
 */
function isSound(subtle: Subtle): Promise<boolean> {
  const sound = tested.get(subtle) ?? testSound(subtle);
  tested.set(subtle, sound);
  return sound;
}

async function testSound(subtle: Subtle): Promise<boolean> {
  const { key, message, good, bad } = KNOWN_ED25519;
  const imported = await importStrong(subtle, { algorithm: 'ed25519', bytes: parseHex(key) });
  if (imported === undefined) return false;
  for (const each of [good, ...bad])
    if ((await ask(subtle, imported, encodeUtf8(message), parseHex(each))) !== (each === good)) return false;
  return true;
}

/** A key that guards nothing, a good signature by it, and bad ones (test/sign/web-ed25519.test.ts makes them again). */
export const KNOWN_ED25519 = {
  key: '17ffad8068dc0de9935d36636f3ad1b5de6de3413b12388e453b05f2a4c1d3db',
  message: 'tally',
  good: '7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a7b879932126ca727613eeafdbc7757b1162ac26ca0c7b6e0ddcc4291d43e3f09',
  bad: [
    '8ea6b58beb2ecc0801fbd6c82c6dafee292cd29e8b6698bbb94c566b594d8ba90c65afb3ee4066ac89394b6aba46eb484213577080b30fe84686d64dea2db40e',
    '704f236ddd0c3e7cba82221b38f72171a15940c2a3bbfb335eb4cd8d65fa3cd57b4c9634a7f20cbcdf40ba18bdf4b71beb78128c279984e1d319d682aa524c0b',
  ],
} as const;

/**
 * Runs a check of signatures with the answers that `ahead` gave before. `check` runs twice: first to learn what it asks, without
 * an answer, then with them. An answer counts for exactly the key, message and signature that were asked about; `verify` decides on
 * all else. So nothing passes that `ahead` or `verify` did not accept. `check` must have no effect but its result.
 */
export async function answeredAhead<T>(
  check: (verify: VerifySignature) => T,
  ahead: VerifyAhead | undefined,
  verify: VerifySignature,
): Promise<T> {
  if (ahead === undefined) return check(verify);
  const asked: Parameters<VerifySignature>[] = [];
  try {
    check((...question) => (asked.push(question), true));
  } catch {
    // What it refuses, it refuses again below.
  }
  const answers: (boolean | undefined)[] = [];
  for (const question of asked) answers.push(await ahead(...question));
  return check((...question) => {
    const answer = answers[asked.findIndex((each) => isSame(each, question))];
    return answer ?? verify(...question);
  });
}

function isSame(a: Parameters<VerifySignature>, b: Parameters<VerifySignature>): boolean {
  return (
    a[0].algorithm === b[0].algorithm &&
    equalBytes(a[0].bytes, b[0].bytes) &&
    equalBytes(a[1], b[1]) &&
    equalBytes(a[2], b[2])
  );
}
