/**
 * A cache of parsed protected headers. An agent signs thousands of statements under one header (its key, its subject),
 * and parsing that costs more than the rest of a statement. The results are shared by all callers on a thread, so
 * nobody may change them.
 */
import type { CborMap } from '../bytes/cbor.ts';
import { formatHex } from '../bytes/text.ts';
import { decodeHeaders, type ReadHeaders } from './sign1.ts';

/** Most headers remembered (some 2 MiB; then all are forgotten), and bytes in the longest that is. */
const MAX_HEADERS = 2048;
const MAX_BYTES = 512;

/** A `ReadHeaders` for statements that remembers. Bad headers are not remembered: each is refused anew. */
export function headerMemo(): ReadHeaders {
  const known = new Map<string, CborMap>();
  return (protectedBytes) => {
    if (protectedBytes.length > MAX_BYTES) return decodeHeaders(protectedBytes, 'statement');
    const key = formatHex(protectedBytes);
    const before = known.get(key);
    if (before !== undefined) return before;
    const headers = decodeHeaders(protectedBytes, 'statement');
    if (known.size >= MAX_HEADERS) known.clear();
    known.set(key, headers);
    return headers;
  };
}
