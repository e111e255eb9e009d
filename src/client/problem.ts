/**
 * Turns the problem details in a log's answer into refusals: concise CBOR (RFC 9290) and JSON (RFC 9457). The answer is
 * not signed, and a proxy or firewall may send it in place of the log. Therefore the text is shortened and cleaned for
 * a terminal, a code counts only if a log may state it, and no answer makes a client report success, two histories or a
 * missing quorum.
 */
import { decodeCbor, isCborMap, type CborKey, type CborValue } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { natureOf } from '../bytes/nature.ts';
import { PROBLEM_URI, Refusal, isRefusalCode, refuse, type RefusalCode } from '../bytes/refusal.ts';
import { jsonIn, memberOf } from './json-reply.ts';
import type { Reply } from './transport.ts';

/** RFC 9290 §2: keys of the standard members. */
const TITLE = -1;
const DETAIL = -2;

interface Problem {
  readonly title: string | undefined;
  readonly detail: string | undefined;
  /** The refusal code of a Tallystick log; undefined for other software. */
  readonly code: string | undefined;
}

/** The refusal for a reply with a status outside 2xx. */
export function refusalOf(reply: Reply): Refusal {
  const { title, detail, code } = readProblem(reply);
  const words = [title, detail].filter((part) => part !== undefined).map((part) => printable(part, 500));
  const said = words.length > 0 ? words.join(': ') : 'no reason given';
  const type = reply.headers.get('content-type') ?? '';
  const posted = reply.method === 'POST' && PROBLEM_TYPE.test(type);
  return refuse(codeOf(reply.status, code, posted), `${reply.url.host} answered ${reply.status}: ${said}`);
}

/** Media type of a problem document (RFC 9290, RFC 9457). The error page of a proxy has another type. */
const PROBLEM_TYPE = /^application\/(?:concise-problem-details\+cbor|problem\+json)/i;

/** Codes with which a log may refuse a submitted statement, besides every code whose nature is `refused`. */
const UNFIT: ReadonlySet<string> = new Set<RefusalCode>([
  'malformed-text',
  'malformed-cbor',
  'non-deterministic',
  'malformed-statement',
  'malformed-payload',
  'malformed-receipt',
  'unsupported-algorithm',
  'bad-signature',
  'payload-missing',
  'too-large',
]);

/** The code with which a log refuses a statement; undefined for a code that no log states. */
function refusedByLog(code: string | undefined): RefusalCode | undefined {
  if (code === undefined || !isRefusalCode(code)) return undefined;
  return UNFIT.has(code) || natureOf(code) === 'refused' ? code : undefined;
}

/** Statuses by which a log of any software refuses what it was sent (SCRAPI draft-11 §2.6). */
const REJECTIONS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * The code that an answer stands for. `posted`: a statement was submitted, and the answer is a problem document and not a page.
 */
export function codeOf(status: number, code: string | undefined, posted: boolean): RefusalCode {
  if (status === 404) return code === 'no-such-key' ? code : 'not-found';
  if (status === 429) return 'rate-limited';
  // Codes that say that a server is not available count, whoever states them.
  if (status >= 500 && code !== undefined && isRefusalCode(code) && isUnready(code)) return code;
  if (!posted || !REJECTIONS.has(status)) return 'unavailable';
  return refusedByLog(code) ?? (status === 413 ? 'too-large' : 'bad-request');
}

function isUnready(code: RefusalCode): boolean {
  return natureOf(code) === 'away' && code !== 'quorum-unmet';
}

function readProblem(reply: Reply): Problem {
  const type = reply.headers.get('content-type') ?? '';
  try {
    if (type.includes('json')) return fromJson(jsonIn(reply.body));
    if (type.includes('cbor')) return fromCbor(reply.body);
  } catch (error) {
    // A proxy may answer with anything. If the body cannot be read, the status alone decides.
    if (!(error instanceof Refusal)) throw error;
  }
  return { title: undefined, detail: undefined, code: undefined };
}

function fromCbor(body: Uint8Array): Problem {
  const map = decodeCbor(body);
  const own = member(map, PROBLEM_URI);
  return { title: textOf(map, TITLE), detail: textOf(map, DETAIL), code: textOf(own, 'code') };
}

function member(map: CborValue | undefined, key: CborKey): CborValue | undefined {
  return isCborMap(map) ? map.get(key) : undefined;
}

function textOf(map: CborValue | undefined, key: CborKey): string | undefined {
  const value = member(map, key);
  return typeof value === 'string' ? value : undefined;
}

function fromJson(value: unknown): Problem {
  const text = (key: 'title' | 'detail' | 'code'): string | undefined => {
    const found = memberOf(value, key);
    return typeof found === 'string' ? found : undefined;
  };
  return { title: text('title'), detail: text('detail'), code: text('code') };
}
