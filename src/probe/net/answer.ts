/**
 * Finds out over an open connection whether the target itself answers. Bytes count only if they are those that the claim
 * expects of the target, since whatever stands between can send bytes, too.
 */
import type { Socket } from 'node:net';
import { Refusal } from '../../bytes/refusal.ts';
import { concatBytes, equalBytes } from '../../bytes/compare.ts';
import { encodeUtf8, formatHex } from '../../bytes/text.ts';
import type { Attachment } from '../../claim/observed.ts';
import { LISTENER_TYPE, openStatement, type ListenerStatement } from '../../evidence/listener.ts';
import { HOST_KEY_ALGORITHMS } from '../../evidence/ssh-key.ts';
import { SUITE_NAMES } from '../../evidence/tls-registry.ts';
import { encodeTranscript, TRANSCRIPT_TYPE } from '../../evidence/transcript.ts';
import { verifyTranscript } from '../../evidence/verify.ts';
import type { NoteVerifier } from '../../note/key.ts';
import { exchange } from '../ssh/exchange.ts';
import { outcomeOf } from '../tls/attempt.ts';
import { handshake } from '../tls/handshake.ts';
import { usualOffer } from '../tls/offers.ts';
import { startTls, type Preamble } from '../tls/starttls.ts';
import { Ended, Wire } from '../wire.ts';
import type { Opened } from './outcome.ts';
import { payloadOf } from './payload.ts';

/**
 * What shows that the target answers. TLS and SSH without a signature that is read here show nothing: whoever stands in between
 * can speak them, and only a signature is compared with the identity that the commitment names.
 */
export type Expected =
  | {
      readonly kind: 'tls';
      readonly serverName: string | undefined;
      readonly preamble: Preamble;
      /** Hex SHA-256 of the public key that must sign; undefined for any. */
      readonly key: string | undefined;
    }
  /** `key`: the fingerprint of the host key. */
  | { readonly kind: 'ssh'; readonly key: string | undefined }
  /** A listener of the owner signs the nonce, and what it received (evidence/listener.ts). */
  | { readonly kind: 'listener'; readonly verifier: NoteVerifier; readonly port: number }
  /** Its first bytes are this text. */
  | { readonly kind: 'banner'; readonly banner: string };

export interface AnswerOptions {
  readonly challenge: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly count: (bytes: number) => void;
}

export interface Answer {
  readonly outcome: Opened;
  /** What the server signed over the challenge, if TLS, SSH or a listener answered. */
  readonly signed: Attachment | undefined;
  /** What a listener said. */
  readonly statement?: ListenerStatement;
}

/** Most bytes taken from whoever answers: as many as the probes of TLS and SSH take. */
const MAX_BYTES = 131_072;

/** Talks, and closes the connection. Throws `Ended` (aborted) if the probe is stopped. */
export async function answerOf(socket: Socket, expected: Expected, options: AnswerOptions): Promise<Answer> {
  let received = 0;
  try {
    return await Wire.over(socket, { ...options, maxBytes: MAX_BYTES }, options.count, async (wire) => {
      try {
        return await talk(wire, expected, options.challenge);
      } finally {
        received = wire.received;
      }
    });
  } catch (error) {
    if (!(error instanceof Ended) || error.kind === 'aborted') throw error;
    return { outcome: received === 0 ? 'connected' : 'other', signed: undefined };
  }
}

function talk(wire: Wire, expected: Expected, challenge: Uint8Array): Promise<Answer> {
  if (expected.kind === 'tls') return talkTls(wire, expected, challenge);
  if (expected.kind === 'listener') return talkListener(wire, expected, challenge);
  return expected.kind === 'ssh'
    ? talkSsh(wire, expected, challenge)
    : talkPlain(wire, expected.banner, challenge);
}

/** A handshake that the server signed. An alert is none: firewalls that read server names send alerts. */
async function talkTls(
  wire: Wire,
  { preamble, serverName, key }: Extract<Expected, { kind: 'tls' }>,
  challenge: Uint8Array,
): Promise<Answer> {
  if ((await startTls(wire, preamble)) !== undefined) return OTHER;
  const offer = usualOffer(['TLSv1.3', 'TLSv1.2'], { suites: new Set(SUITE_NAMES.keys()), serverName });
  let hello = new Uint8Array();
  const reached = await handshake(wire, challenge, offer, (said) => (hello = Uint8Array.from(said)));
  const found = await outcomeOf(reached, offer, challenge, hello);
  if (found.kind !== 'accepted' || found.signed === undefined) return OTHER;
  const { transcript: data, verified } = found.signed;
  if (key !== undefined && verified.certificate.spki !== key) return OTHER;
  return { outcome: 'answered', signed: { mediaType: TRANSCRIPT_TYPE.tls, data } };
}

/** A key exchange of SSH 2 that the server signed. */
async function talkSsh(
  wire: Wire,
  { key }: Extract<Expected, { kind: 'ssh' }>,
  challenge: Uint8Array,
): Promise<Answer> {
  const { transcript } = await exchange(wire, challenge, [...HOST_KEY_ALGORITHMS.keys()]);
  if (transcript === undefined) return OTHER;
  try {
    const data = encodeTranscript(transcript);
    const verified = await verifyTranscript(data, challenge);
    if (key !== undefined && (verified.protocol !== 'ssh' || verified.fingerprint !== key)) return OTHER;
    return { outcome: 'answered', signed: { mediaType: TRANSCRIPT_TYPE.ssh, data } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return OTHER;
  }
}

/** A statement of the listener about this nonce, asked at this port. */
async function talkListener(
  wire: Wire,
  { verifier, port }: Extract<Expected, { kind: 'listener' }>,
  challenge: Uint8Array,
): Promise<Answer> {
  wire.write(payloadOf(challenge));
  const lines: Uint8Array[] = [];
  const take = async (): Promise<Uint8Array> => {
    const line = await wire.line(MAX_LINE_BYTES);
    lines.push(line, NEWLINE);
    return line;
  };
  // A note: its text, an empty line, and one signature.
  while ((await take()).length > 0) if (lines.length > MAX_LINES) return OTHER;
  await take();
  const data = concatBytes(...lines);
  try {
    const statement = openStatement(data, verifier);
    if (statement.nonce !== formatHex(challenge) || statement.asked !== port) return OTHER;
    return { outcome: 'answered', signed: { mediaType: LISTENER_TYPE, data }, statement };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return OTHER;
  }
}

const NEWLINE = Uint8Array.of(10);
const MAX_LINE_BYTES = 512;
const MAX_LINES = 512;

const OTHER: Answer = { outcome: 'other', signed: undefined };

/** The banner of a server that speaks first, or its answer to a line that it does not know. */
async function talkPlain(wire: Wire, banner: string, challenge: Uint8Array): Promise<Answer> {
  wire.write(payloadOf(challenge));
  const wanted = encodeUtf8(banner);
  const found = await wire.read(wanted.length);
  return { outcome: equalBytes(found, wanted) ? 'answered' : 'other', signed: undefined };
}
