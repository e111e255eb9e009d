/**
 * Signing with a key that only ssh-agent holds (draft-ietf-sshm-ssh-agent, PROTOCOL.agent). An agent asked
 * to sign with an `ssh-ed25519` key returns the plain 64-byte Ed25519 signature over the bytes it was
 * given (RFC 8709 §6), so over a COSE Sig_structure the answer is a COSE signature. No SSH login can be
 * confused with one: login data begins with a session id's length, a Sig_structure with 0x84.
 */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { Cursor, bigEndian } from '../bytes/cursor.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { readSshString, sshString } from '../bytes/ssh-string.ts';
import { verifyWithNoble, type PublicKey } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';
import { SSH_ED25519, isEd25519Blob, parseEd25519Blob } from './sshwire.ts';

const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;

/** OpenSSH's own limit on one agent message (AGENT_MAX_LEN). */
const MAX_REPLY_BYTES = 262_144;

/** A person may have to confirm each use of the key (ssh-add -c) or unlock the agent. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Where the agent listens, and how long it may think. */
export interface AgentOptions {
  /** Path of the socket; `$SSH_AUTH_SOCK` unless given. */
  readonly socket?: string | undefined;
  readonly timeoutMs?: number;
}

interface AgentKey {
  readonly blob: Uint8Array;
  readonly fingerprint: string;
  readonly comment: string;
}

/**
 * A signer for one Ed25519 key of the agent: named by its `SHA256:…` fingerprint or its comment, or the
 * only one there is. Refuses `key-file` when there is no agent, no such key, or more than one.
 */
export async function agentSigner(name: string, options: AgentOptions = {}): Promise<Signer> {
  const key = chooseKey(await listKeys(options), name);
  const publicKey: PublicKey = { algorithm: 'ed25519', bytes: parseEd25519Blob(key.blob) };
  return { publicKey, sign: (message) => signWith(key, publicKey, message, options) };
}

/** `SHA256:` and the unpadded base64 of the blob's digest, as `ssh-add -l` prints it. */
export function sshFingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

function chooseKey(keys: readonly AgentKey[], name: string): AgentKey {
  const matching = keys.filter((key) => name === '' || key.fingerprint === name || key.comment === name);
  const [key] = matching;
  if (key !== undefined && matching.length === 1) return key;
  const listed = keys.map((k) => `ssh-agent:${k.fingerprint} (${printable(k.comment, 60)})`).join(', ');
  if (keys.length === 0)
    throw refuse('key-file', 'ssh-agent holds no Ed25519 key; add one with: ssh-add FILE');
  const problem =
    key === undefined ? `ssh-agent holds no Ed25519 key "${name}"` : 'ssh-agent holds several such keys';
  throw refuse('key-file', `${problem}; name one by its fingerprint: ${listed}`);
}

async function listKeys(options: AgentOptions): Promise<readonly AgentKey[]> {
  const answer = new Cursor(await ask(Uint8Array.of(REQUEST_IDENTITIES), options), 'key-file');
  if (answer.u8() !== IDENTITIES_ANSWER) throw refuse('key-file', 'ssh-agent did not list its keys');
  const keys: AgentKey[] = [];
  // Each key takes at least its two lengths, so a claimed count cannot outgrow the bounded reply.
  for (let left = answer.u32(); left > 0; left--) {
    const blob = readSshString(answer);
    const comment = new TextDecoder().decode(readSshString(answer));
    if (isEd25519Blob(blob)) keys.push({ blob, comment, fingerprint: sshFingerprint(blob) });
  }
  answer.end();
  return keys;
}

async function signWith(
  key: AgentKey,
  publicKey: PublicKey,
  message: Uint8Array,
  options: AgentOptions,
): Promise<Uint8Array> {
  const flags = bigEndian(0, 4);
  const request = concatBytes(Uint8Array.of(SIGN_REQUEST), sshString(key.blob), sshString(message), flags);
  const answer = new Cursor(await ask(request, options), 'key-file');
  if (answer.u8() !== SIGN_RESPONSE) {
    throw refuse(
      'key-file',
      `ssh-agent refused to sign with ${key.fingerprint}; is it locked or was the use denied?`,
    );
  }
  const wrapped = new Cursor(readSshString(answer), 'key-file');
  answer.end();
  const type = readSshString(wrapped);
  const signature = Uint8Array.from(readSshString(wrapped));
  wrapped.end();
  if (!equalBytes(type, SSH_ED25519) || !verifyWithNoble(publicKey, message, signature)) {
    throw refuse(
      'bad-signature',
      `ssh-agent returned a signature that does not verify under ${key.fingerprint}`,
    );
  }
  return signature;
}

/** One request, one reply, one connection. A reply is bounded, and so is the time it may take. */
function ask(request: Uint8Array, options: AgentOptions): Promise<Uint8Array> {
  const path = options.socket ?? process.env['SSH_AUTH_SOCK'];
  if (path === undefined || path === '') {
    throw refuse(
      'key-file',
      'SSH_AUTH_SOCK is not set: no ssh-agent to ask; run: eval "$(ssh-agent)" && ssh-add FILE',
    );
  }
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(() => fail('did not answer in time'), options.timeoutMs ?? ANSWER_TIMEOUT_MS);
    const fail = (what: string, cause?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(refuse('key-file', `ssh-agent at ${path} ${what}`, { cause }));
    };
    let reply = new Uint8Array();
    socket.on('error', (error) =>
      fail(`cannot be reached (${error.message}); is SSH_AUTH_SOCK right?`, error),
    );
    socket.on('end', () => fail('closed the connection in the middle of its answer'));
    socket.on('data', (chunk: Buffer) => {
      reply = concatBytes(reply, chunk);
      if (reply.length < 4) return;
      const length = new Cursor(reply, 'key-file').u32();
      if (length > MAX_REPLY_BYTES || reply.length > 4 + length)
        return fail('sent an answer of a wrong length');
      if (reply.length < 4 + length) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(reply.subarray(4));
    });
    socket.write(sshString(request));
  });
}
