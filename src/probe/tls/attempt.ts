/** Makes one handshake with a TLS server and says how it ended: accepted, an answer that may refuse the version, or not clear. */
import { Refusal } from '../../bytes/refusal.ts';
import { isUnread } from '../../evidence/tls-fields.ts';
import { isNo, type Answer, ALERT } from '../../evidence/tls-refusal.ts';
import { signedExchange, type TlsVersion } from '../../evidence/tls-names.ts';
import { SUITE_NAMES } from '../../evidence/tls-registry.ts';
import type { VerifiedTls } from '../../evidence/tls-verify.ts';
import { encodeTranscript } from '../../evidence/transcript.ts';
import { verifyTranscript } from '../../evidence/verify.ts';
import { Ended, Wire } from '../wire.ts';
import { handshake, type Reached } from './handshake.ts';
import type { Offer } from './hello.ts';
import { startTls, type Preamble } from './starttls.ts';

/** Most bytes taken from a server in one attempt. */
const MAX_BYTES = 131_072;

export interface Accepted {
  readonly kind: 'accepted';
  readonly version: TlsVersion;
  readonly suite: number;
  /** The verified signature and its transcript; undefined if the server signed nothing that can be verified here. */
  readonly signed: { readonly verified: VerifiedTls; readonly transcript: Uint8Array } | undefined;
  /** Why there is no transcript. */
  readonly why: string | undefined;
}

export type Attempt =
  | Accepted
  /** The server's answer may refuse the version (evidence/tls-refusal.ts). `hello` is the ClientHello that it answers. */
  | { readonly kind: 'answered'; readonly hello: Uint8Array; readonly answer: Answer; readonly why: string }
  /** The server says before any hello that it has no TLS. */
  | { readonly kind: 'without'; readonly why: string }
  /** The server broke off in a way that refuses nothing, so another hello may get an answer. */
  | { readonly kind: 'broken'; readonly why: string; readonly alert?: number | undefined }
  | { readonly kind: 'unclear'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string };

export interface Server {
  readonly host: string;
  readonly port: number;
  readonly preamble: Preamble;
  readonly challenge: Uint8Array;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly count: (bytes: number) => void;
  /** Called when an attempt begins. */
  readonly begun?: () => void;
}

/** Makes one attempt. Nothing that a server does makes it throw; it throws `Ended` (aborted) if the probe is stopped. */
export async function attempt(server: Server, offer: Offer): Promise<Attempt> {
  const { count, preamble, challenge } = server;
  server.begun?.();
  let hello: Uint8Array | undefined;
  try {
    return await Wire.use({ ...server, maxBytes: MAX_BYTES }, count, async (wire) => {
      const no = await startTls(wire, preamble);
      if (no !== undefined) return { kind: 'without', why: no };
      const reached = await handshake(wire, challenge, offer, (said) => (hello = said));
      return await outcomeOf(reached, offer, challenge, hello ?? new Uint8Array());
    });
  } catch (error) {
    if (!(error instanceof Ended) || error.kind === 'aborted') throw error;
    return endOf(error, hello);
  }
}

/** The outcome of a connection that ended before any ServerHello. */
function endOf({ kind, alert, message: why }: Ended, hello: Uint8Array | undefined): Attempt {
  if (kind === 'unreachable') return { kind, why };
  if (kind === 'broken') return { kind, why, alert };
  if (hello === undefined || (kind !== 'alert' && kind !== 'closed')) return { kind: 'unclear', why };
  const answer: Answer = kind === 'closed' ? 'closed' : { alert: alert ?? -1 };
  const refuses = isNo(answer) || alert === ALERT.protocolVersion;
  return refuses ? { kind: 'answered', hello, answer, why } : { kind: 'broken', why: why + hintOf(alert) };
}

/** For people: why an alert refuses nothing, and what they can do. */
function hintOf(alert: number | undefined): string {
  return alert === ALERT.internalError
    ? ', which refuses nothing: OpenSSL 3 sends it if a version is enabled, and its security level allows no signature of that ' +
        'version; turn the version off'
    : ', which refuses no version';
}

/** What a handshake that came to a ServerHello shows, its signature verified. */
export async function outcomeOf(
  reached: Reached,
  offer: Offer,
  challenge: Uint8Array,
  hello: Uint8Array,
): Promise<Attempt> {
  const { version, suite, messages } = reached;
  if (version === undefined || !offer.versions.includes(version))
    return {
      kind: 'answered',
      hello,
      answer: 'older',
      why: `the server answered with ${version ?? 'a version before TLS 1.0'} instead`,
    };
  const accepted = { kind: 'accepted', version, suite, signed: undefined } as const;
  if (messages === undefined) return { ...accepted, why: reached.why ?? unsigned(version, suite) };
  try {
    const transcript = encodeTranscript({ kind: 'tls', messages });
    const verified = await verifyTranscript(transcript, challenge);
    if (verified.protocol !== 'tls') throw new Error('a TLS transcript is of TLS');
    return { ...accepted, signed: { verified, transcript }, why: undefined };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // The server accepted and signed, but its signature is of a kind that is not read here, or the transcript too long.
    if (error.code === 'too-large' || isUnread(error)) return { ...accepted, why: error.message };
    // The signature does not verify, so the holder of the key accepted nothing: neither a pass nor a violation.
    return { kind: 'unclear', why: error.message };
  }
}

function unsigned(version: TlsVersion, suite: number): string {
  return version === 'TLSv1.2' || signedExchange(suite) === undefined
    ? `accepted with ${SUITE_NAMES.get(suite)}, whose handshake has no signature that is read`
    : `${version} signs with SHA-1, so its signature is not read`;
}
