/** Sends one datagram and waits for an answer. Without an answer nothing is known: UDP has no handshake. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { equalBytes } from '../../bytes/compare.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { errorCode } from '../harmless.ts';
import { stopReason } from './connect.ts';
import { outcomeOfErrno, type Outcome } from './outcome.ts';
import { payloadOf } from './payload.ts';

export interface DatagramOptions {
  readonly address: string;
  readonly port: number;
  readonly banner: string;
  readonly challenge: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly count: (bytes: number) => void;
}

/** The socket is connected, so that only datagrams from that address and port count, and ICMP errors arrive. */
export function datagramOnce(options: DatagramOptions): Promise<Outcome> {
  const { address, port, banner, challenge, timeoutMs, signal, count } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(stopReason(signal));
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let sent = false;
    const end = (then: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.close();
      then();
    };
    const stop = (): void => end(() => reject(stopReason(signal)));
    const timer = setTimeout(() => end(() => resolve('silence')), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', (error) => end(() => resolve(outcomeOfErrno(errorCode(error), sent))));
    socket.once('message', (message) => {
      count(message.length);
      const wanted = encodeUtf8(banner);
      const isIt = equalBytes(message.subarray(0, wanted.length), wanted);
      end(() => resolve(isIt ? 'answered' : 'other'));
    });
    socket.connect(port, address, () => {
      const payload = payloadOf(challenge);
      socket.send(payload, (error) => {
        if (error !== null) return end(() => resolve(outcomeOfErrno(errorCode(error), sent)));
        sent = true;
        count(payload.length);
      });
    });
  });
}
