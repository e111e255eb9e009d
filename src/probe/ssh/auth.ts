/**
 * Asks a server which ways to log in it offers (RFC 4252 §5.2). In the session that the key exchange began, it sends one request
 * with the method `none`, to which a server that does not grant it answers with its methods. It sends no password and no key.
 */
import { concatBytes } from '../../bytes/compare.ts';
import { Cursor } from '../../bytes/cursor.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { readSshString, sshString } from '../../bytes/ssh-string.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { nameList } from '../../evidence/ssh-fields.ts';
import { Ended } from '../wire.ts';
import type { Session } from './transport.ts';

/** The part of a session that is used here. */
type Packets = Pick<Session, 'send' | 'receive'>;

const MESSAGE = {
  disconnect: 1,
  ignore: 2,
  debug: 4,
  serviceRequest: 5,
  serviceAccept: 6,
  extInfo: 7,
  request: 50,
  failure: 51,
  success: 52,
  banner: 53,
} as const;

/** Most other packets that may come before an answer. */
const MAX_BETWEEN = 20;

export interface Offered {
  /** Methods by which a log-in can go on; undefined if the server named none. */
  readonly methods?: readonly string[];
  /** Whether the server let the probe in without any proof; undefined, with the reason in `why`, if that is not known. */
  readonly anybody?: boolean;
  readonly why?: string;
}

/** Asks once. If the session ends or breaks, `why` says so. Throws `Ended` if the probe was stopped. */
export async function askMethods(session: Packets, user: string): Promise<Offered> {
  try {
    session.send(concatBytes(Uint8Array.of(MESSAGE.serviceRequest), text('ssh-userauth')));
    await next(session, [MESSAGE.serviceAccept]);
    session.send(
      concatBytes(Uint8Array.of(MESSAGE.request), text(user), text('ssh-connection'), text('none')),
    );
    const answer = await next(session, [MESSAGE.failure, MESSAGE.success]);
    if (answer[0] === MESSAGE.success) return { anybody: true };
    const cursor = new Cursor(answer.subarray(1), 'malformed-proof');
    const methods = nameList(readSshString(cursor));
    cursor.u8();
    cursor.end();
    if (methods.length === 0) return { why: 'the server named no way to log in' };
    return { methods, anybody: false };
  } catch (error) {
    if (error instanceof Ended && error.kind !== 'aborted')
      return { why: `the server did not say which ways to log in it has: ${error.message}` };
    if (error instanceof Refusal) return { why: 'the answer of the server is no list of ways to log in' };
    throw error;
  }
}

async function next(session: Packets, wanted: readonly number[]): Promise<Uint8Array> {
  for (let i = 0; i < MAX_BETWEEN; i++) {
    const packet = await session.receive();
    const type = packet[0] ?? 0;
    if (wanted.includes(type)) return packet;
    if (type === MESSAGE.disconnect) throw new Ended('closed', 'the server disconnected');
    if (
      type !== MESSAGE.ignore &&
      type !== MESSAGE.debug &&
      type !== MESSAGE.extInfo &&
      type !== MESSAGE.banner
    )
      throw new Ended('garbage', `an unexpected message of type ${type}`);
  }
  throw new Ended('garbage', `there were ${MAX_BETWEEN} messages and no answer`);
}

function text(value: string): Uint8Array {
  return sshString(encodeUtf8(value));
}
