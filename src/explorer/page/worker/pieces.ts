/**
 * Cuts long answers for the way from the verifier to its page. What a thread is sent it takes apart at one go: a history of 10,000
 * looks in one message would keep the page from answering a click. So long lists go ahead in pieces, and the rest says where each
 * list belongs.
 *
 *     { id: 1, say: 'piece', hole: 0, items: [ … ] }                                       any number
 *     { id: 1, say: 'rest', holes: [['result', 'past', 'claims', 0, 'looks']], rest: { id: 1, say: 'done', result: { … } } }
 */
import { isReply } from './messages.ts';
import type { Reply } from './protocol.ts';

/** Items of one piece: some milliseconds of work. */
const PIECE = 250;

type Path = readonly (string | number)[];

/** A part of a list that stands in the reply that comes after all pieces. */
export interface Piece {
  readonly id: number;
  readonly say: 'piece';
  /** Which of the lists. */
  readonly hole: number;
  readonly items: readonly unknown[];
}

/** A reply whose long lists are empty. `holes`: where each of them stands. */
export interface Rest {
  readonly id: number;
  readonly say: 'rest';
  readonly holes: readonly Path[];
  readonly rest: unknown;
}

export type Wire = Reply | Piece | Rest;

/** The messages for a reply, in this order and with no other between them. */
export function* cut(reply: Reply): Generator<Wire, void, undefined> {
  const lists: { readonly path: Path; readonly items: readonly unknown[] }[] = [];
  const take = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      if (items.length <= PIECE) return items.map((each, i) => take(each, [...path, i]));
      lists.push({ path, items });
      return [];
    }
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, take(each, [...path, name])]),
    );
  };
  const rest = take(reply, []);
  if (lists.length === 0) {
    yield reply;
    return;
  }
  const { id } = reply;
  for (const [hole, { items }] of lists.entries())
    for (let at = 0; at < items.length; at += PIECE)
      yield { id, say: 'piece', hole, items: items.slice(at, at + PIECE) };
  yield { id, say: 'rest', holes: lists.map(({ path }) => path), rest };
}

/** Puts replies together again. */
export class Joiner {
  #lists: unknown[][] = [];

  /** The reply that a message completes; undefined for a piece. A message of another form is a bug: it throws. */
  take(message: unknown): Reply | undefined {
    if (isPiece(message)) {
      const list = (this.#lists[message.hole] ??= []);
      for (const item of message.items) list.push(item);
      return undefined;
    }
    const reply = isRest(message) ? this.#filled(message) : message;
    if (!isReply(reply)) throw new Error('a message of the verifier that is no reply');
    return reply;
  }

  #filled({ holes, rest }: Rest): unknown {
    const lists = this.#lists;
    this.#lists = [];
    for (const [hole, path] of holes.entries()) {
      const name = path.at(-1);
      let place = rest;
      for (const key of path.slice(0, -1)) place = memberOf(place, key);
      if (name === undefined || typeof place !== 'object' || place === null)
        throw new Error('a list of a reply has no place in it');
      Reflect.set(place, name, lists[hole] ?? []);
    }
    return rest;
  }
}

function isPiece(message: unknown): message is Piece {
  return memberOf(message, 'say') === 'piece' && Array.isArray(memberOf(message, 'items'));
}

function isRest(message: unknown): message is Rest {
  return memberOf(message, 'say') === 'rest' && Array.isArray(memberOf(message, 'holes'));
}

function memberOf(value: unknown, name: string | number): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
