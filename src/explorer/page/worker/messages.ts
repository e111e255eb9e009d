/** What arrives from the other thread is looked at before it is used: both ends are built together, and a slip shows at once. */
import type { AskKind, Question, Reply, Results } from './protocol.ts';

/** Each kind of question, and a member that its result has. */
const MEMBERS = {
  open: 'fingerprint',
  trust: 'fingerprint',
  head: 'seen',
  entry: 'entry',
  leaves: 'changes',
  subject: 'past',
  subjects: 'verified',
  why: 'rows',
  rows: 'verified',
  search: 'next',
} as const satisfies { readonly [Kind in AskKind]: keyof Results[Kind] };

export function isQuestion(value: unknown): value is Question {
  if (!isObject(value) || typeof memberOf(value, 'id') !== 'number') return false;
  if (memberOf(value, 'stop') === true || memberOf(value, 'ping') === true) return true;
  const ask = memberOf(value, 'ask');
  const kind = isObject(ask) ? memberOf(ask, 'kind') : undefined;
  return typeof kind === 'string' && Object.hasOwn(MEMBERS, kind);
}

export function isReply(value: unknown): value is Reply {
  if (!isObject(value) || typeof memberOf(value, 'id') !== 'number') return false;
  const say = memberOf(value, 'say');
  if (say === 'here') return true;
  if (say === 'part') return isObject(memberOf(value, 'part'));
  return say === 'done'
    ? isObject(memberOf(value, 'result'))
    : say === 'failed' && isObject(memberOf(value, 'fault'));
}

/** Whether a result is one of a question of this kind. */
export function isResultOf<Kind extends AskKind>(
  kind: Kind,
  value: Results[AskKind],
): value is Results[Kind] & Results[AskKind] {
  return MEMBERS[kind] in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function memberOf(value: object, name: string): unknown {
  return Reflect.get(value, name);
}
