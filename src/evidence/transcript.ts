/**
 * Transcripts: the bytes of one handshake that a target signed, as an attachment of a runtime proof
 * (spec/transcripts.md). Deterministic CBOR; what they prove, verify.ts says.
 */
import { decodeCbor, encodeCbor, type CborValue } from '../bytes/cbor.ts';
import { refuse } from '../bytes/refusal.ts';
import { within } from '../bytes/within.ts';
import { array, bytes, oneOf, record, type Of, type Schema } from '../statement/schema.ts';

/** Media types of transcripts as attachments. */
export const TRANSCRIPT_TYPE = {
  tls: 'application/vnd.tallystick.transcript.tls.v1+cbor',
  ssh: 'application/vnd.tallystick.transcript.ssh.v1+cbor',
} as const;

const TYPES: ReadonlySet<string> = new Set(Object.values(TRANSCRIPT_TYPE));

/** Whether an attachment of this media type is a transcript. */
export function isTranscript(mediaType: string): boolean {
  return TYPES.has(mediaType);
}

/** Largest transcript: what an attachment may hold. */
export const MAX_TRANSCRIPT_BYTES = 49_152;

/** Largest single part; the sum is bounded above. */
const part = (min: number): Schema<Uint8Array> => bytes(min, MAX_TRANSCRIPT_BYTES);

/**
 * `messages`: handshake messages, each with its header of four bytes, in the order they were sent.
 * TLS 1.3: ClientHello, (HelloRetryRequest, ClientHello), ServerHello, EncryptedExtensions,
 * (CertificateRequest), Certificate, CertificateVerify. TLS 1.2: ClientHello, ServerHello, Certificate,
 * ServerKeyExchange.
 */
const tls = record({ kind: oneOf(['tls']), messages: array(part(4), 8, 4) });

/** RFC 4253 §8, RFC 5656 §4, RFC 8731 §3: what goes into the exchange hash, and the signature over it. */
const ssh = record({
  kind: oneOf(['ssh']),
  /** Identification strings without CR and LF: V_C, V_S. */
  clientVersion: bytes(1, 255),
  serverVersion: bytes(1, 255),
  /** Payloads of the KEXINIT messages: I_C, I_S. */
  clientInit: part(1),
  serverInit: part(1),
  /** K_S, Q_C, Q_S and K: the shared secret, 32 bytes big-endian. The session it belongs to is never used. */
  hostKey: part(1),
  clientPublic: bytes(1, 65),
  serverPublic: bytes(1, 65),
  secret: bytes(32),
  signature: part(1),
});

type TlsTranscript = Of<typeof tls>;
export type SshTranscript = Of<typeof ssh>;
export type Transcript = TlsTranscript | SshTranscript;

/** The one encoding. Refuses `too-large` beyond what an attachment may hold. */
export function encodeTranscript(transcript: Transcript): Uint8Array<ArrayBuffer> {
  const out = encodeCbor(transcript.kind === 'tls' ? tls.encode(transcript) : ssh.encode(transcript));
  if (out.length > MAX_TRANSCRIPT_BYTES)
    throw refuse(
      'too-large',
      `the transcript has ${out.length} bytes; ${MAX_TRANSCRIPT_BYTES} fit in a proof`,
    );
  return out;
}

/** Refuses `malformed-proof` for anything but the one encoding of a transcript. */
export function parseTranscript(encoded: Uint8Array): Transcript {
  return within('malformed-proof', 'not a transcript', () => {
    const value = decodeCbor(encoded, { maxBytes: MAX_TRANSCRIPT_BYTES, maxDepth: 2 });
    return kindOf(value) === 'ssh' ? ssh.parse(value, '') : tls.parse(value, '');
  });
}

function kindOf(value: CborValue): CborValue | undefined {
  return value instanceof Map ? value.get('kind') : undefined;
}
