/**
 * Loads a signer by the name of its key. A name is a file (PKCS#8 PEM or unencrypted OpenSSH Ed25519), `ssh-agent:`
 * with an optional fingerprint or comment, or `exec:` and a program.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, parseBase64 } from '../bytes/text.ts';
import { createFile } from '../platform/files.ts';
import { assertStrongKey, type Algorithm, type PublicKey } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';
import { agentSigner, type AgentOptions } from './agent.ts';
import { execSigner } from './exec.ts';
import { createSecretFile, existsAlready, kindOf, readSecretFile } from './file.ts';
import { AGENT_PREFIX, EXEC_PREFIX } from './names.ts';
import { nodeSigner, pooledSigner, publicKeyOf, type NodeSigner } from './native.ts';
import { parseOpenSshKey } from './openssh.ts';

/**
 * The signer a user named. Refuses `key-file` (missing, open to others, damaged, encrypted, not in the
 * agent, not to be had from the program), `unsupported-algorithm` and `weak-key`.
 */
export async function loadSigner(name: string, agent?: AgentOptions): Promise<Signer> {
  const signer = await signerOf(name, agent);
  assertStrongKey(signer.publicKey);
  return signer;
}

function signerOf(name: string, agent?: AgentOptions): Promise<Signer> {
  if (name.startsWith(AGENT_PREFIX)) return agentSigner(name.slice(AGENT_PREFIX.length), agent);
  if (name.startsWith(EXEC_PREFIX)) return execSigner(name.slice(EXEC_PREFIX.length), agent);
  return loadKeyFile(name);
}

/** The signer of a key file: signs inside the process, at once when asked. Refusals as `loadSigner`. */
export async function loadKeyFile(path: string): Promise<NodeSigner> {
  return nodeSigner(await privateKeyIn(path));
}

/** The signer of a key file that signs beside this thread. Refusals as `loadSigner`. */
export async function loadPooledKeyFile(path: string): Promise<Signer> {
  return pooledSigner(await privateKeyIn(path));
}

/** Refuses `key-file`. If the file is a public key, the refusal says that rather than who may read it. */
async function privateKeyIn(path: string): Promise<KeyObject> {
  try {
    return parsePrivateKey(await readSecretFile(path, 'make one with: tallystick keygen'), path);
  } catch (error) {
    const kind = error instanceof Refusal ? await kindOf(path) : undefined;
    if (kind === 'public')
      throw refuse(
        'key-file',
        `${path} is a public key, which cannot sign; name the private key it belongs to`,
      );
    if (kind === 'folder') throw refuse('key-file', `${path} is a folder; name the key file itself`);
    if (kind === 'other')
      throw refuse(
        'key-file',
        `${path} holds no private key; name a PEM file, or make one with: tallystick keygen`,
      );
    throw error;
  }
}

/**
 * Makes a key and writes it as PKCS#8 PEM, mode 0600; returns the public half.
 * Refuses `exists-already`: a key is never overwritten.
 */
export async function generateKey(path: string, algorithm: Algorithm): Promise<PublicKey> {
  const key = MAKERS[algorithm]();
  await createSecretFile(path, encodeUtf8(formatPrivateKey(key)));
  return publicKeyOf(key);
}

/** A key that was made, with the file of its public half. */
export interface MadePair {
  readonly key: PublicKey;
  readonly pub: string;
}

/**
 * The same, with the public half as PEM in a file beside it: `ci.pub` of `ci.pem`. Refuses `exists-already` if one of the two files
 * is there; then nothing is made.
 */
export async function generatePair(path: string, algorithm: Algorithm): Promise<MadePair> {
  const pub = `${path.replace(/\.pem$/, '')}.pub`;
  if (existsSync(pub)) throw existsAlready(pub);
  const key = MAKERS[algorithm]();
  await createSecretFile(path, encodeUtf8(formatPrivateKey(key)));
  if (!(await createFile(pub, createPublicKey(key).export({ format: 'pem', type: 'spki' }))))
    throw existsAlready(pub);
  return { key: publicKeyOf(key), pub };
}

const MAKERS: Record<Algorithm, () => KeyObject> = {
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  'ecdsa-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'ml-dsa-44': () => generateKeyPairSync('ml-dsa-44').privateKey,
};

const PEM = /^-----BEGIN ([A-Z0-9 ]+)-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END \1-----\n*$/;

/** Parses the text of a key file. Refuses `key-file`; `path` only names it in the message. */
export function parsePrivateKey(bytes: Uint8Array, path: string): KeyObject {
  const { label, der } = openPem(bytes, path);
  if (label === 'OPENSSH PRIVATE KEY') return parseOpenSshKey(der, path);
  if (label === 'ENCRYPTED PRIVATE KEY') {
    throw refuse(
      'key-file',
      `${path} is encrypted; keep it in ssh-agent, or decrypt it into a file of mode 0600`,
    );
  }
  if (label !== 'PRIVATE KEY') {
    const advice = `convert it with: openssl pkcs8 -topk8 -nocrypt -in ${path} -out NEWFILE`;
    throw refuse('key-file', `${path} holds "${label}", not a PKCS#8 private key; ${advice}`);
  }
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch (error) {
    throw refuse('key-file', `${path} is not a PKCS#8 private key that OpenSSL can read`, { cause: error });
  }
}

/** The PKCS#8 PEM text of a key. */
export function formatPrivateKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' });
}

function openPem(bytes: Uint8Array, path: string): { readonly label: string; readonly der: Uint8Array } {
  try {
    const [, label, body] = PEM.exec(decodeUtf8(bytes).replaceAll('\r\n', '\n')) ?? [];
    if (label !== undefined && body !== undefined)
      return { label, der: parseBase64(body.replaceAll('\n', '')) };
  } catch (error) {
    throw refuse('key-file', `${path} is damaged: its text is not base64`, { cause: error });
  }
  throw refuse('key-file', `${path} is not one PEM private key; make one with: tallystick keygen`);
}
