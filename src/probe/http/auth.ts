/**
 * Whether a path requires authentication: requests without credentials or with wrong ones must be refused, and requests
 * with the right ones accepted, before and after. A server that refuses everybody, is busy or is down shows nothing.
 */
import { randomBytes } from 'node:crypto';
import { formatHex } from '../../bytes/text.ts';
import type { ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import type { Answer } from './client.ts';

export interface Auth {
  readonly scheme: string;
  readonly token: string | undefined;
}

interface Tried {
  /** The answer to a request without credentials. */
  readonly anonymous: Answer;
  readonly value: ValueMap;
  readonly withheld: readonly Withheld[];
}

type Ask = (headers?: Readonly<Record<string, string>>) => Promise<Answer>;

export async function tryAuth({ scheme, token }: Auth, ask: Ask): Promise<Tried> {
  const control = (): Promise<Answer> =>
    token === undefined ? ask() : ask({ authorization: `${scheme} ${token}` });
  const nonsense = Buffer.from(`tallystick:${formatHex(randomBytes(16))}`).toString('base64');
  const before = token === undefined ? undefined : await control();
  const anonymous = await ask();
  const wrong = await ask({ authorization: `${scheme} ${nonsense}` });
  const after = await control();
  const statuses = { anonymous: anonymous.status, wrong: wrong.status };
  const required = isRequired(anonymous, wrong, before, after);
  const right =
    before === undefined
      ? {}
      : { right: after.status, admits: isServed(before.status) && isServed(after.status) };
  return {
    anonymous,
    value: { ...statuses, ...(typeof required === 'boolean' && { required }), ...right },
    withheld: typeof required === 'boolean' ? [] : [{ path: '/auth/required', reason: required }],
  };
}

/** `before`, `after`: answers to the token. Without a token, `before` is undefined and `after` is another anonymous answer. */
function isRequired(
  anonymous: Answer,
  wrong: Answer,
  before: Answer | undefined,
  after: Answer,
): boolean | string {
  const told = `${anonymous.status} without and ${wrong.status} with wrong credentials`;
  if (isServed(anonymous.status) || isServed(wrong.status)) return false;
  if (!isDenied(anonymous.status) || !isDenied(wrong.status))
    return `the server answered ${told}: it neither lets in nor asks for credentials`;
  if (before !== undefined)
    return (
      (isServed(before.status) && isServed(after.status)) ||
      `the right credentials were not let in either (${before.status}, ${after.status}): the server may refuse everybody`
    );
  return (
    [anonymous, wrong, after].every(asksForCredentials) ||
    `the server says no (${told}) and does not ask for credentials by 401 and WWW-Authenticate: it may refuse everybody; the ` +
      'owner of the target can give right ones, the secret "token"'
  );
}

/**
 * Whether an answer asks for credentials: a 401 with a challenge (RFC 9110 §15.5.2, §11.6.1: MUST). A 401 without one, as of
 * nginx's `return 401`, or a 403, may be the answer to everybody, also with the right credentials.
 */
function asksForCredentials({ status, headers }: Answer): boolean {
  return status === 401 && (headers.get('www-authenticate') ?? []).some((value) => value.trim() !== '');
}

function isServed(status: number): boolean {
  return status >= 200 && status < 300;
}

function isDenied(status: number): boolean {
  return status === 401 || status === 403;
}
