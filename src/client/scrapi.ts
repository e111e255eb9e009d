/**
 * A SCRAPI client (draft-ietf-scitt-scrapi-11 §2) for any SCITT log: submits a statement, fetches a receipt, reads the
 * log's keys. The client computes entry ids itself. It uses only the last part of `Location`, which nothing
 * authenticates: as the name of a resource below the log's own URL, and to learn which spelling of the statement was
 * logged.
 */
import { plain, type EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeSign1 } from '../cose/sign1.ts';
import { entryBytes } from '../cose/statement.ts';
import { TRANSPARENT_LIMITS } from '../cose/transparent.ts';
import { spelled, twinOf, type Spelling } from '../cose/twin.ts';
import { askPatiently, Patience } from './patience.ts';
import { refusalOf } from './problem.ts';
import { urlOf, type Reply, type Transport } from './transport.ts';
import { explained } from './unready.ts';

export const COSE_TYPE = 'application/cose';
/** A receipt has at most 63 hashes and one signature. */
export const MAX_RECEIPT_BYTES = 65_535;

/** A statement that the log accepted. */
export interface Registration {
  /** Id of the entry that the log has: the statement's own, or its twin's if that was logged before (cose/twin.ts). */
  readonly id: EntryId;
  /** The bytes of that entry. Its content equals the statement's. */
  readonly entry: Uint8Array;
  /** URL of its receipt. */
  readonly location: string;
  /** COSE receipt, not verified. */
  readonly receipt: Uint8Array;
}

/**
 * Hex SHA-256 of the bytes that are logged for a statement: the tagged statement with an empty unprotected header
 * (spec/formats.md §3). Refuses as `decodeSign1` does.
 */
export function entryIdOf(statement: Uint8Array): EntryId {
  return spelled(entryBytes(decodeSign1(statement, TRANSPARENT_LIMITS))).id;
}

/**
 * The entry of a statement, in the spelling whose entry id the log named; if the log named any other id, in the
 * statement's own. The twin is computed from the statement, so nothing depends on the log. Refuses as `decodeSign1`
 * does.
 */
export function loggedAs(statement: Uint8Array, named: string | undefined): Spelling {
  const sign1 = decodeSign1(statement, TRANSPARENT_LIMITS);
  const own = spelled(entryBytes(sign1));
  const twin = named === undefined || named === own.id ? undefined : twinOf(sign1);
  return twin !== undefined && twin.id === named ? twin : own;
}

/** `<log>/entries/<locator>`. */
export function entryUrl(log: string, locator: string): URL {
  return new URL(`${log}/entries/${encodeURIComponent(locator)}`);
}

/**
 * Submits a statement and waits for its receipt. It repeats the request while the log is busy (429, 503) or the receipt
 * is not ready (202, 204). If the transport has `waitUntil`, it asks the log to hold its answer first. Submitting a
 * statement again is harmless. Refuses what the log refuses, with the log's text; refuses `not-yet` if the receipt does
 * not come in time, with the log's reason.
 */
export async function submitStatement(
  transport: Transport,
  log: string,
  statement: Uint8Array,
): Promise<Registration> {
  decodeSign1(statement, TRANSPARENT_LIMITS); // what is none is not sent
  const patience = new Patience(transport);
  const ask = {
    method: 'POST',
    accept: COSE_TYPE,
    contentType: COSE_TYPE,
    body: plain(statement),
    maxBytes: MAX_RECEIPT_BYTES,
    waits: true,
  } as const;
  const reply = await askPatiently(transport, new URL(`${log}/entries`), ask, patience);
  const locator = locatorOf(reply);
  const logged = loggedAs(statement, locator);
  const location = entryUrl(log, locator ?? logged.id);
  if (reply.status === 200 || reply.status === 201)
    return { ...logged, location: location.href, receipt: receiptIn(reply) };
  if (reply.status !== 202) throw refusalOf(reply);
  if (!(await patience.pause(reply))) throw await notYet(transport, log, location);
  return {
    ...logged,
    location: location.href,
    receipt: await awaitReceipt(transport, log, location, patience),
  };
}

/** Fetches a fresh receipt of an entry, by its locator. Refuses `not-found` and `not-yet`. */
export function fetchReceipt(transport: Transport, log: string, locator: string): Promise<Uint8Array> {
  return awaitReceipt(transport, log, entryUrl(log, locator), new Patience(transport));
}

async function awaitReceipt(
  transport: Transport,
  log: string,
  url: URL,
  patience: Patience,
): Promise<Uint8Array> {
  const ask = { accept: COSE_TYPE, maxBytes: MAX_RECEIPT_BYTES, waits: true };
  for (;;) {
    const reply = await askPatiently(transport, url, ask, patience);
    if (reply.status === 200) return receiptIn(reply);
    if (reply.status !== 204) throw refusalOf(reply);
    if (!(await patience.pause(reply))) throw await notYet(transport, log, url);
  }
}

/**
 * The receipt in a reply. Any other body may come from anyone on the way, so it is `unavailable` and not a fault of the
 * log.
 */
function receiptIn({ url, status, body }: Reply): Uint8Array {
  try {
    decodeSign1(body, {}, 'receipt');
    return body;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const what = `${url.href} answered ${status} with something else than a receipt; is it a log?`;
    throw refuse('unavailable', `${what} Asking again is harmless (${error.message})`, { cause: error });
  }
}

/** The last part of `Location`. The rest is not used, because a log behind a proxy may name itself by another host. */
function locatorOf(reply: Reply): string | undefined {
  const named = urlOf(reply.headers.get('location') ?? '', reply.url.href);
  const locator = named?.pathname.split('/').findLast((part) => part !== '');
  return locator === 'entries' ? undefined : locator;
}

function notYet(transport: Transport, log: string, url: URL): Promise<Refusal> {
  const what = `the log took the statement, but the receipt is not ready; ask later for ${url.href}`;
  return explained(transport, log, refuse('not-yet', what));
}
