/**
 * Problem details, the only form of an error: concise CBOR (RFC 9290) for SCITT clients (draft-ietf-scitt-scrapi-11
 * §2.6), JSON (RFC 9457) for others, and the other form for a client that prefers it; a page for somebody who looks with a browser.
 * status.ts has titles and statuses. The stable code is under `PROBLEM_URI` in CBOR, and in `code` and `type` in JSON.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { encodeCbor } from '../bytes/cbor.ts';
import { PROBLEM_URI, Refusal, refuse, type RefusalCode } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { liking } from './accept.ts';
import { escapeHtml, sendPage } from './page.ts';
import { STATUSES, TITLES } from './status.ts';

export const PROBLEM_CBOR = 'application/concise-problem-details+cbor';
export const PROBLEM_JSON = 'application/problem+json';

/** RFC 9290 §2: keys of the standard members. */
const TITLE = -1;
const DETAIL = -2;

/** One error, before it is written down. */
export interface Problem {
  /** A refusal's code; or `internal` for a fault of the server, whose details are not revealed. */
  readonly code: RefusalCode | 'internal';
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const INTERNAL: Problem = {
  code: 'internal',
  status: 500,
  title: 'Internal Error',
  detail: 'The server failed; its operator finds the reason in the log under the request id of this reply',
};

/** Seconds after which asking again makes sense; a rate limit says its own. */
const RETRY_AFTER: Partial<Record<RefusalCode, number>> = {
  overloaded: 1,
  'not-yet': 1,
  'quorum-unmet': 5,
  'store-failed': 5,
  'shutting-down': 10,
  'not-cosigning': 60,
};

/** Fastify's own errors, by their codes. */
const FRAMEWORK: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: refuse(
    'unsupported-media-type',
    'send a statement as application/cose, or several as application/cbor-seq',
  ),
  FST_ERR_CTP_BODY_TOO_LARGE: refuse('too-large', 'the body is larger than its media type may be; send less'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: refuse('bad-request', 'the body is not as long as Content-Length says'),
  FST_ERR_BAD_URL: refuse('bad-request', 'the URL is not well percent-encoded'),
  FST_ERR_MAX_PARAM_LENGTH: refuse('uri-too-long', 'a part of the path is longer than any name here'),
};

/**
 * The problem that a client is shown for an error. An error that is neither a refusal nor the client's fault is
 * `internal`.
 */
export function problemOf(error: unknown): Problem {
  const refusal = refusalOf(error);
  // A store that is found corrupt while serving is reported to the operator; clients only see an internal error.
  if (refusal === undefined) return INTERNAL;
  const { code, message } = refusal;
  const status = STATUSES[code];
  return status === INTERNAL.status ? INTERNAL : { code, status, title: TITLES[code], detail: message };
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Error)) return undefined;
  const known = 'code' in error && typeof error.code === 'string' ? FRAMEWORK[error.code] : undefined;
  if (known !== undefined) return known;
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500 ? refuse('bad-request', 'the request could not be read') : undefined;
}

/** Answers with a problem. */
export async function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
): Promise<void> {
  const { accept } = request.headers;
  reply.problem = problem.code;
  reply.code(problem.status);
  const retryAfter = problem.code === 'internal' ? undefined : RETRY_AFTER[problem.code];
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (prefersPage(accept)) {
    sendPage(
      reply,
      problem.title,
      `<p>${escapeHtml(problem.detail)}.</p><p><a href="/">What is here</a></p>`,
    );
    return;
  }
  const cbor = prefersCbor(accept, request.url);
  reply.header('content-type', cbor ? PROBLEM_CBOR : PROBLEM_JSON).header('cache-control', 'no-store');
  // Bytes, since Fastify would add a charset to JSON given as text, and that media type has none.
  await reply.send(Buffer.from(cbor ? problemCbor(problem) : encodeUtf8(problemJson(problem))));
}

/** Whether somebody looks at it: browsers ask for HTML before anything else, programs that send a wildcard do not. */
function prefersPage(accept: string | undefined): boolean {
  return (
    accept !== undefined && liking(accept, ['text/html']) > liking(accept, [PROBLEM_JSON, 'application/json'])
  );
}

/** Whether to answer in CBOR: the form that `Accept` prefers; without a preference, CBOR for SCRAPI's resources only. */
function prefersCbor(accept: string | undefined, url: string): boolean {
  const cbor = liking(accept, [PROBLEM_CBOR, 'application/cbor']);
  const json = liking(accept, [PROBLEM_JSON, 'application/json']);
  if (cbor !== json && accept !== undefined) return cbor > json;
  return url.startsWith('/entries') || url.startsWith('/.well-known/');
}

/** The RFC 9290 form. */
export function problemCbor({ code, title, detail }: Problem): Uint8Array {
  const own = new Map([['code', code]]);
  return encodeCbor(
    new Map<number | string, string | typeof own>([
      [TITLE, title],
      [DETAIL, detail],
      [PROBLEM_URI, own],
    ]),
  );
}

/** The RFC 9457 form. */
export function problemJson({ code, status, title, detail }: Problem): string {
  return JSON.stringify({ type: `${PROBLEM_URI}:${code}`, title, status, detail, code });
}
