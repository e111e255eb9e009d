/**
 * What a listener at a target signs (class E2, `net@1`): which of its ports are open, and what it received under a nonce. It is a
 * signed note (C2SP), by a key that the claim names:
 *
 *     tallystick-listener net@1
 *     nonce 5b1f…
 *     asked 4000
 *     open 4001
 *     received 4001 192.0.2.1
 *     since 1800000000
 *     at 1800000007
 *
 *     — canary.example Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
 *
 * `asked` is the port at which the question came. `received` lines are of this nonce alone; nothing that came since `since` was
 * forgotten. Times are POSIX seconds of the listener.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { signerId, type NoteVerifier } from '../note/key.ts';
import { formatNote, openNote } from '../note/note.ts';
import type { Signer } from '../sign/signer.ts';
import { addressBytes } from './address.ts';

/** Media type of a statement as an attachment of a proof. */
export const LISTENER_TYPE = 'application/vnd.tallystick.listener.net.v1';

export interface ListenerStatement {
  /** 64 hex digits: the challenge of the run that asked. */
  readonly nonce: string;
  readonly asked: number;
  readonly open: readonly number[];
  readonly received: readonly { readonly port: number; readonly from: string }[];
  readonly since: number;
  readonly at: number;
}

/** Most ports of one listener, most lines of what was received under one nonce, and most bytes of a statement. */
export const MAX_LISTENED = 64;
export const MAX_RECEIVED = 64;
export const MAX_STATEMENT_BYTES = 8_192;

const FIRST = 'tallystick-listener net@1';

/** The signed note. */
export async function signStatement(
  says: ListenerStatement,
  name: string,
  signer: Signer,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = [
    FIRST,
    `nonce ${says.nonce}`,
    `asked ${says.asked}`,
    ...says.open.map((port) => `open ${port}`),
    ...says.received.map(({ port, from }) => `received ${port} ${from}`),
    `since ${says.since}`,
    `at ${says.at}`,
    '',
  ].join('\n');
  const id = signerId({ name, type: 1, signer });
  return formatNote(text, [{ name, id, blob: await signer.sign(encodeUtf8(text)) }]);
}

/** Refuses `malformed-note`, and `unknown-signer` unless `verifier` signed it. */
export function openStatement(note: Uint8Array, verifier: NoteVerifier): ListenerStatement {
  if (note.length > MAX_STATEMENT_BYTES) throw malformed('it is too long');
  return parseStatement(openNote(note, [verifier]).text);
}

const isOpen = (line: string): boolean => line.startsWith('open ');

/** Reads the text of a statement. Refuses `malformed-note`. */
export function parseStatement(text: string): ListenerStatement {
  const lines = text.split('\n');
  if (lines.shift() !== FIRST || lines.pop() !== '') throw malformed(`the first line is "${FIRST}"`);
  const nonce = valueOf(lines.shift(), 'nonce', /^[0-9a-f]{64}$/);
  const asked = numberOf(lines.shift(), 'asked', 65_535);
  const at = numberOf(lines.pop(), 'at', MAX_TIME);
  const since = numberOf(lines.pop(), 'since', MAX_TIME);
  const open = lines.filter(isOpen).map((line) => numberOf(line, 'open', 65_535));
  const received = lines.slice(open.length).map((line) => {
    const [port = '', from = ''] = valueOf(line, 'received', /^\d{1,5} \S{1,64}$/).split(' ');
    if (addressBytes(from) === undefined) throw malformed('what was received has no address');
    return { port: numberOf(`received ${port}`, 'received', 65_535), from };
  });
  if (open.length > MAX_LISTENED || received.length > MAX_RECEIVED) throw malformed('it has too many lines');
  if (!lines.slice(0, open.length).every(isOpen))
    throw malformed('the lines "open" come before the lines "received"');
  return { nonce, asked, open, received, since, at };
}

const MAX_TIME = 2 ** 40;

function numberOf(line: string | undefined, name: string, most: number): number {
  const value = Number(valueOf(line, name, /^(?:0|[1-9][0-9]{0,12})$/));
  if (value > most) throw malformed(`${name} is ${most} at most`);
  return value;
}

function valueOf(line: string | undefined, name: string, pattern: RegExp): string {
  const value = line?.startsWith(`${name} `) === true ? line.slice(name.length + 1) : '';
  if (!pattern.test(value)) throw malformed(`expected a line "${name} …"`);
  return value;
}

function malformed(what: string): Refusal {
  return refuse('malformed-note', `not what a listener says: ${what}`);
}

/** What statements show of a port, all under one nonce and by one key, in the order in which they were asked for. */
export type Heard =
  /** Bytes of the nonce came to the port. */
  | 'received'
  /** The port was open at the first and at the last of at least two statements, and nothing came under the nonce in between. */
  | 'nothing'
  | 'unknown';

/** Pure. The statements must be opened, and of the nonce. */
export function heardAt(port: number, statements: readonly ListenerStatement[]): Heard {
  if (statements.some(({ received }) => received.some((each) => each.port === port))) return 'received';
  const [first, last] = [statements[0], statements.at(-1)];
  if (first === undefined || last === undefined || first === last) return 'unknown';
  const stayedOpen = statements.every(({ open }) => open.includes(port));
  // What the listener forgot after the first statement could be what it received.
  return stayedOpen && last.since <= first.at && first.at <= last.at ? 'nothing' : 'unknown';
}
