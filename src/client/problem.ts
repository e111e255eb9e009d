/**
 * Problem details of a log as refusals: concise CBOR (RFC 9290) and JSON (RFC 9457). The words are the
 * log's and go to a terminal, so they are cut and cleaned; nothing else in the body is believed.
 */
import { decodeCbor, isCborMap, type CborKey, type CborValue } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { PROBLEM_URI, Refusal, isRefusalCode, refuse, type RefusalCode } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import type { Reply } from './transport.ts';

/** RFC 9290 §2: keys of the standard members. */
const TITLE = -1;
const DETAIL = -2;

interface Problem {
  readonly title: string | undefined;
  readonly detail: string | undefined;
  /** Tallystick's own refusal code, where the log is one. */
  readonly code: string | undefined;
}

/** The refusal that a reply outside 2xx stands for. */
export function refusalOf(reply: Reply): Refusal {
  const { title, detail, code } = readProblem(reply);
  const words = [title, detail].filter((part) => part !== undefined).map((part) => printable(part, 500));
  const said = words.length > 0 ? words.join(': ') : 'no reason given';
  return refuse(codeOf(reply.status, code), `${reply.url.host} answered ${reply.status}: ${said}`);
}

/** A code we share is kept; any other answer is told by the class of its status (SCRAPI draft-11 §2.6). */
function codeOf(status: number, code: string | undefined): RefusalCode {
  if (code !== undefined && isRefusalCode(code)) return code;
  if (status === 404) return 'not-found';
  if (status === 413) return 'too-large';
  if (status === 429) return 'rate-limited';
  return status >= 400 && status < 500 ? 'bad-request' : 'unavailable';
}

function readProblem(reply: Reply): Problem {
  const type = reply.headers.get('content-type') ?? '';
  try {
    if (type.includes('json')) return fromJson(JSON.parse(decodeUtf8(reply.body)));
    if (type.includes('cbor')) return fromCbor(reply.body);
  } catch (error) {
    // Whatever sits between us and the log may answer anything; the status still says enough.
    if (!(error instanceof Refusal || error instanceof SyntaxError)) throw error;
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
    const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    return typeof found === 'string' ? found : undefined;
  };
  return { title: text('title'), detail: text('detail'), code: text('code') };
}
