/**
 * OpenSSH private key files, `openssh-key-v1` (openssh-portable PROTOCOL.key), unencrypted Ed25519 alone:
 * ```
 * "openssh-key-v1\0"  string cipher  string kdf  string kdfoptions  uint32 count
 * string publickey    string { uint32 check ×2, string type, string pub, string seed ‖ pub, string comment, padding 1,2,3… }
 * ```
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { equalBytes } from '../bytes/compare.ts';
import { Cursor } from '../bytes/cursor.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { AGENT_PREFIX } from './names.ts';
import { readSshString } from '../bytes/ssh-string.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { publicKeyOf } from './native.ts';
import { SSH_ED25519, isEd25519Blob, parseEd25519Blob } from './sshwire.ts';

const MAGIC = encodeUtf8('openssh-key-v1\0');
const NONE = encodeUtf8('none');
/** The private section is padded to the cipher's block, which is 8 for `none`. */
const BLOCK = 8;
const SEED_LENGTH = 32;

/** Parses the decoded body of an OpenSSH key file. Refuses `key-file`, saying what to do instead. */
export function parseOpenSshKey(body: Uint8Array, path: string): KeyObject {
  const file = new Cursor(body, 'key-file');
  if (!equalBytes(file.take(MAGIC.length), MAGIC)) throw damaged(path);
  const cipher = readSshString(file);
  const kdf = readSshString(file);
  const options = readSshString(file);
  if (!equalBytes(cipher, NONE)) {
    throw refuse(
      'key-file',
      `${path} has a passphrase; run ssh-add ${path} and name the key as ${AGENT_PREFIX}`,
    );
  }
  if (!equalBytes(kdf, NONE) || options.length !== 0 || file.u32() !== 1) throw damaged(path);
  const blob = readSshString(file);
  if (!isEd25519Blob(blob)) {
    throw refuse('key-file', `${path} is not an Ed25519 key; make one with: ssh-keygen -t ed25519`);
  }
  const section = readSshString(file);
  file.end();
  const key = createPrivateKey({
    key: Buffer.from(readSeed(section, blob, path)),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
  if (!equalBytes(publicKeyOf(key).bytes, parseEd25519Blob(blob))) throw damaged(path);
  return key;
}

/** The seed inside the private section, after checking that everything around it agrees. */
function readSeed(section: Uint8Array, blob: Uint8Array, path: string): Uint8Array {
  const cursor = new Cursor(section, 'key-file');
  const whole = section.length % BLOCK === 0 && cursor.u32() === cursor.u32();
  const type = readSshString(cursor);
  const publicKey = readSshString(cursor);
  const secret = readSshString(cursor);
  readSshString(cursor); // the comment
  const padding = cursor.take(cursor.remaining);
  const agrees =
    equalBytes(type, SSH_ED25519) &&
    equalBytes(publicKey, parseEd25519Blob(blob)) &&
    secret.length === 2 * SEED_LENGTH &&
    equalBytes(secret.subarray(SEED_LENGTH), publicKey) &&
    padding.length < BLOCK &&
    padding.every((byte, i) => byte === i + 1);
  if (!whole || !agrees) throw damaged(path);
  return secret.subarray(0, SEED_LENGTH);
}

function damaged(path: string): Refusal {
  return refuse('key-file', `${path} is damaged: its parts do not agree; restore it from a backup`);
}
