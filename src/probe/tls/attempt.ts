/** One attempt at a TLS server and what it amounts to: accepted, refused, or not clear, which is no refusal. */
import { Refusal } from '../../bytes/refusal.ts';
import { SUITE_NAMES, type TlsVersion } from '../../evidence/tls-names.ts';
import type { VerifiedTls } from '../../evidence/tls-verify.ts';
import { encodeTranscript } from '../../evidence/transcript.ts';
import { verifyTranscript } from '../../evidence/verify.ts';
import { Ended, Wire } from '../wire.ts';
import { isRefusal } from './alerts.ts';
import { handshake, type Reached } from './handshake.ts';
import type { Offer } from './hello.ts';
import { startTls, type Preamble } from './starttls.ts';

/** Most bytes taken from a server in one attempt. */
const MAX_BYTES = 131_072;

export type Attempt =
  | {
      readonly kind: 'accepted';
      readonly version: TlsVersion;
      readonly suite: number;
      /** What the server signed, and the transcript; undefined where it signed nothing. */
      readonly signed: { readonly verified: VerifiedTls; readonly transcript: Uint8Array } | undefined;
      /** Why there is no transcript. */
      readonly why: string | undefined;
    }
  | { readonly kind: 'refused'; readonly why: string }
  /** The server broke off, without a word or with an alert that may mean anything: a refusal, if it is alive. */
  | { readonly kind: 'broken'; readonly why: string }
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
}

/** Never throws for what a server does; throws `Ended` (aborted) when the probe is to stop. */
export async function attempt(server: Server, offer: Offer): Promise<Attempt> {
  const { count, preamble, challenge } = server;
  let said = false;
  try {
    return await Wire.use({ ...server, maxBytes: MAX_BYTES }, count, async (wire) => {
      const no = await startTls(wire, preamble);
      if (no !== undefined) return { kind: 'refused', why: no };
      said = true;
      return outcomeOf(await handshake(wire, challenge, offer), offer, challenge);
    });
  } catch (error) {
    if (!(error instanceof Ended) || error.kind === 'aborted') throw error;
    const why = error.message;
    if (error.kind === 'unreachable') return { kind: 'unreachable', why };
    if (error.kind === 'alert') return { kind: isRefusal(error.alert ?? -1) ? 'refused' : 'broken', why };
    return { kind: error.kind === 'closed' && said ? 'broken' : 'unclear', why };
  }
}

function outcomeOf(reached: Reached, offer: Offer, challenge: Uint8Array): Attempt {
  const { version, suite, messages } = reached;
  if (!offer.versions.includes(version))
    return { kind: 'refused', why: `the server answered with ${version} instead` };
  const accepted = { kind: 'accepted', version, suite } as const;
  // With SHA-1 on offer the server may have made a signature that tells nothing of the version.
  if (messages === undefined || offer.sha1) {
    const why =
      version === 'TLSv1.2'
        ? `accepted with ${SUITE_NAMES.get(suite)} alone, or with SHA-1: no signature that is read`
        : `what ${version} signs, it signs with SHA-1: it is not read`;
    return { ...accepted, signed: undefined, why };
  }
  try {
    const transcript = encodeTranscript({ kind: 'tls', messages });
    const verified = verifyTranscript(transcript, challenge);
    if (verified.protocol !== 'tls') throw new Error('a TLS transcript is of TLS');
    return { ...accepted, signed: { verified, transcript }, why: undefined };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'too-large') return { ...accepted, signed: undefined, why: error.message };
    // Nobody with the server's key accepted anything: neither a pass nor a violation.
    return { kind: 'unclear', why: error.message };
  }
}
