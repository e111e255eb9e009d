/**
 * Secrets and signatures of webhooks (Standard Webhooks 1.0.0, "Signature scheme"):
 *
 *     secret      whsec_<base64 of 24 … 64 random bytes>
 *     signed      <webhook-id>.<webhook-timestamp>.<body>
 *     signature   v1,<base64 of HMAC-SHA256>         several, with spaces between, while secrets are exchanged
 */
import { createHmac } from 'node:crypto';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, formatBase64, parseBase64 } from '../bytes/text.ts';

const PREFIX = 'whsec_';
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** What to do where there is no file of it. */
export const MAKE_SECRET = `make one with: (umask 077; echo "${PREFIX}$(openssl rand -base64 32)" > FILE)`;

/** Bytes of a secret that is made here. */
export const SECRET_BYTES = 32;

/** Secrets in use at once: the new one and those it replaces. */
const MAX_SECRETS = 4;

/** The text form of a secret. */
export function formatSecret(bytes: Uint8Array): string {
  return `${PREFIX}${formatBase64(bytes)}`;
}

/** Reads a secret file: one secret a line, the newest first. Refuses `key-file`, never quoting what it read. */
export function parseSecrets(file: Uint8Array, name: string): readonly Uint8Array[] {
  const lines = decodeUtf8(file)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || lines.length > MAX_SECRETS)
    throw refuse(
      'key-file',
      `${name} holds ${lines.length} secrets; it needs 1 to ${MAX_SECRETS}, one a line`,
    );
  return lines.map((line, i) => parseSecret(line, `${name}, secret ${i + 1}`));
}

function parseSecret(line: string, place: string): Uint8Array {
  const bad = refuse(
    'key-file',
    `${place}: expected ${PREFIX} and the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes`,
  );
  if (!line.startsWith(PREFIX)) throw bad;
  let bytes: Uint8Array;
  try {
    bytes = parseBase64(line.slice(PREFIX.length));
  } catch {
    throw bad;
  }
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) throw bad;
  return bytes;
}

/** The value of `webhook-signature`. `time`: POSIX seconds of this attempt. */
export function signWebhook(
  secrets: readonly Uint8Array[],
  message: { readonly id: string; readonly time: number; readonly body: string },
): string {
  const signed = `${message.id}.${message.time}.${message.body}`;
  return secrets
    .map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
    .join(' ');
}
