/**
 * Whether a path asks who is there: who has no credentials or wrong ones is told no, and who has the right ones yes, before
 * and after. A server that tells everybody no, is busy or is down shows nothing by that.
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

export interface Tried {
  /** The answer to who has no credentials. */
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
  const required = isRequired(
    statuses,
    token === undefined ? undefined : (before?.status ?? 0),
    after.status,
  );
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

/** `before`, `after`: what the control got; without a token the first is undefined and the second another anonymous one. */
function isRequired(
  { anonymous, wrong }: { readonly anonymous: number; readonly wrong: number },
  before: number | undefined,
  after: number,
): boolean | string {
  if (isServed(anonymous) || isServed(wrong)) return false;
  if (!isDenied(anonymous) || !isDenied(wrong))
    return `the server answered ${anonymous} without and ${wrong} with wrong credentials: it neither lets in nor asks for credentials`;
  if (before !== undefined)
    return (
      (isServed(before) && isServed(after)) ||
      `the right credentials were not let in either (${before}, ${after}): the server may refuse everybody`
    );
  // 401 says that credentials are asked for (RFC 9110 §15.5.2); 403 says no to whoever asks.
  return (
    [anonymous, wrong, after].every((status) => status === 401) ||
    `the server says no (${anonymous}, ${wrong}, ${after}) and does not ask for credentials: it may refuse everybody; the ` +
      'owner of the target can give right ones, the secret "token"'
  );
}

function isServed(status: number): boolean {
  return status >= 200 && status < 300;
}

function isDenied(status: number): boolean {
  return status === 401 || status === 403;
}
