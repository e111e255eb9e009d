/** What the verifiers of both TLS versions share: what was signed, and the certificates. */
import { Cursor } from '../bytes/cursor.ts';
import type { Challenged } from './signed-content.ts';
import { badMessage, parseExtensions, unread, vector16, vector24 } from './tls-fields.ts';
import { GROUPS } from './tls-names.ts';

/** What a server signed, found in its messages. */
export interface Signed {
  /** DER, the server's own first. */
  readonly chain: readonly Uint8Array[];
  readonly group: string;
  /** Code point of the signature scheme. */
  readonly scheme: number;
  readonly content: Uint8Array;
  readonly challenged: Challenged;
  readonly signature: Uint8Array;
}

/** Most certificates of one chain. */
const MAX_CHAIN = 16;

/** The name of a group by its number. Refuses one that the verifier does not know. */
export function nameOfGroup(code: number): string {
  const name = GROUPS.get(code)?.name;
  if (name === undefined) throw unread(`the group 0x${code.toString(16)}`);
  return name;
}

/** The list that fills the rest of a Certificate message; in TLS 1.3 each has extensions (RFC 8446 §4.4.2). */
export function readChain(body: Cursor, extended: boolean): readonly Uint8Array[] {
  const list = new Cursor(vector24(body), 'malformed-proof');
  body.end();
  const chain: Uint8Array[] = [];
  while (list.remaining > 0) {
    if (chain.length === MAX_CHAIN) throw unread(`the chain has more than ${MAX_CHAIN} certificates`);
    chain.push(vector24(list));
    if (extended) parseExtensions(vector16(list));
  }
  if (chain.length === 0) throw badMessage('there is no certificate');
  return chain;
}
