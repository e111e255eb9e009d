/**
 * Submitting many statements in one request: `application/cbor-seq` (RFC 8742) to `POST /entries`, Tallystick's
 * addition to SCRAPI. The answer has one result for each statement, in order; the failure of one statement does not
 * affect the others.
 */
import { decodeCbor, isCborMap, scanCbor } from '../bytes/cbor.ts';
import { skipCbor } from '../bytes/cbor-skip.ts';
import { concatBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { askPatiently } from './patience.ts';
import { codeOf, refusalOf } from './problem.ts';
import { entryUrl, fetchReceipt, loggedAs, MAX_RECEIPT_BYTES, type Registration } from './scrapi.ts';
import type { Transport } from './transport.ts';

const SEQUENCE_TYPE = 'application/cbor-seq';
/** Bytes of one result besides its receipt, at most. */
const RESULT_OVERHEAD = 1_024;

/** The result for one statement of a batch. */
export type BatchResult =
  | { readonly kind: 'logged'; readonly registration: Registration }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Cuts a CBOR sequence into its items (views). Refuses `malformed-cbor`. */
export function splitSequence(bytes: Uint8Array): readonly Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = skipCbor(bytes, at);
    items.push(bytes.subarray(at, end));
    at = end;
  }
  return items;
}

/** Statements in one request: well below what a Tallystick log accepts, so that a long list makes visible progress. */
const STEP_STATEMENTS = 256;
const STEP_BYTES = 1_048_576;

/** Divides a list into steps of one request each. */
export function stepsOf(statements: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const steps: Uint8Array[][] = [];
  let bytes = Infinity;
  for (const statement of statements) {
    const last = steps.at(-1);
    bytes += statement.length;
    if (last !== undefined && last.length < STEP_STATEMENTS && bytes <= STEP_BYTES) last.push(statement);
    else {
      steps.push([statement]);
      bytes = statement.length;
    }
  }
  return steps;
}

/**
 * Submits statements in one request. Refuses `unsupported-media-type` if the log does not accept sequences (404, 405,
 * 415), and `unavailable` if the answer does not have one result for each statement.
 */
export async function submitBatch(
  transport: Transport,
  log: string,
  statements: readonly Uint8Array[],
): Promise<readonly BatchResult[]> {
  const maxBytes = statements.length * (MAX_RECEIPT_BYTES + RESULT_OVERHEAD);
  const body = concatBytes(...statements);
  const type = { accept: SEQUENCE_TYPE, contentType: SEQUENCE_TYPE };
  const ask = { method: 'POST', ...type, body, maxBytes, waits: true } as const;
  const reply = await askPatiently(transport, new URL(`${log}/entries`), ask);
  if (reply.status !== 200) throw refusalOf(reply);
  const results: BatchResult[] = [];
  for (let at = 0; at < reply.body.length && results.length < statements.length;) {
    const end = scanCbor(reply.body, at, { maxBytes });
    const statement = statements[results.length] ?? new Uint8Array();
    results.push(await readResult(transport, log, reply.body.subarray(at, end), statement));
    at = end;
  }
  if (results.length !== statements.length) {
    throw refuse(
      'unavailable',
      `${log} answered ${results.length} results for ${statements.length} statements`,
    );
  }
  return results;
}

async function readResult(
  transport: Transport,
  log: string,
  bytes: Uint8Array,
  statement: Uint8Array,
): Promise<BatchResult> {
  const map = decodeCbor(bytes, { maxBytes: MAX_RECEIPT_BYTES + RESULT_OVERHEAD });
  const status = isCborMap(map) ? map.get('status') : undefined;
  if (!isCborMap(map) || typeof status !== 'number') {
    throw refuse('unavailable', `${log} answered something else than a result`);
  }
  if (status >= 300) {
    const [code, title, detail] = [map.get('code'), map.get(-1), map.get(-2)].map((v) =>
      typeof v === 'string' ? v : '',
    );
    const refusal = refuse(codeOf(status, code, true), printable(`${title}: ${detail}`, 500));
    return { kind: 'refused', refusal };
  }
  const named = map.get('entry');
  const logged = loggedAs(statement, named instanceof Uint8Array ? formatHex(named) : undefined);
  const given = map.get('receipt');
  const receipt = given instanceof Uint8Array ? given : await fetchReceipt(transport, log, logged.id);
  return {
    kind: 'logged',
    registration: { ...logged, location: entryUrl(log, logged.id).href, receipt },
  };
}
