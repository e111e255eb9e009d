/**
 * What a listener at the target signed of a proof of `net@1` (class E2). The agent's half of the result is its own signature over
 * the proof: that it tried. The listener's half is that the port was open and what came there under the nonce of the run.
 */
import { Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { ValueMap } from '../claim/value.ts';
import { keyThumbprint } from '../cose/key.ts';
import { parseVkey, type NoteVerifier } from '../note/key.ts';
import type { Claim } from '../statement/commitment.ts';
import { parseAddress } from './address.ts';
import { heardAt, LISTENER_TYPE, openStatement, type ListenerStatement } from './listener.ts';
import type { AttestedResult } from './trail-facts.ts';

/** What a reader knows of the run from the proof and the commitment. */
export interface ListenedRun {
  /** The port of the claim's target; undefined if it has none. */
  readonly port: number | undefined;
  /** The challenge in hex. */
  readonly nonce: string;
  /** Thumbprints of the agent's key, and of the key that delegated to it, hex: whoever delegates may have made the agent's. */
  readonly kids: readonly string[];
}

export type Listened =
  | { readonly kind: 'signed'; readonly value: ValueMap }
  | { readonly kind: 'unseen'; readonly why: string }
  | { readonly kind: 'wrong'; readonly why: string };

/** What follows from the statements in the proof. */
export function listenerFacts(
  { proof, result }: AttestedResult,
  { params }: Claim,
  { port, nonce, kids }: ListenedRun,
): Listened {
  const attached = (result.attachments ?? []).map((index) => proof.attachments?.[index]);
  const notes = attached.flatMap((each) =>
    each?.data !== undefined && each.mediaType === LISTENER_TYPE ? [each.data] : [],
  );
  if (notes.length === 0 || notes.length < attached.length)
    return { kind: 'unseen', why: 'not all that the listener signed is in the log' };
  try {
    const verifier = verifierIn(params);
    if (verifier === undefined || port === undefined)
      return { kind: 'wrong', why: 'the claim names no listener, or no port' };
    if (params?.get('transport') === 'udp')
      return { kind: 'wrong', why: 'the claim is about UDP, and a listener hears TCP alone' };
    if (kids.includes(formatHex(keyThumbprint(verifier.key))))
      return {
        kind: 'wrong',
        why: 'the key of the listener is that of the agent, or of who delegated to it: one end signed for both',
      };
    const statements = notes.map((note) => openStatement(note, verifier));
    if (statements.some((each) => each.nonce !== nonce))
      return { kind: 'wrong', why: 'a statement is of another run' };
    return valueOf(port, statements);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'wrong', why: error.message };
  }
}

function valueOf(port: number, statements: readonly ListenerStatement[]): Listened {
  const heard = heardAt(port, statements);
  if (heard === 'unknown')
    return { kind: 'wrong', why: `the statements do not show what came to port ${port} between them` };
  return { kind: 'signed', value: { net: { reachable: heard === 'received' } } };
}

function verifierIn(params: Claim['params']): NoteVerifier | undefined {
  const vkey = params?.get('listener');
  return typeof vkey === 'string' ? parseVkey(vkey) : undefined;
}

/** The port of a target that is host:port; undefined for any other. */
export function portOf(locator: string | undefined): number | undefined {
  if (locator === undefined) return undefined;
  try {
    const { port } = parseAddress(locator, 65_536);
    return port > 65_535 ? undefined : port;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}
