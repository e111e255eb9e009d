/**
 * Private keys as PEM text: PKCS#8 (RFC 5208, RFC 7468 §10), and unencrypted OpenSSH Ed25519 files.
 * One key per file, nothing around it, so that what was read is what a person sees in the file.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, parseBase64 } from '../bytes/text.ts';
import { parseOpenSshKey } from './openssh.ts';

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
