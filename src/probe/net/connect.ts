/** Makes one TCP connection to an address, and tells how it ended as exactly as Node can (README.md, "What Linux tells"). */
import { connect, type Socket } from 'node:net';
import { errorCode } from '../harmless.ts';
import { outcomeOfErrno, type Failure } from './outcome.ts';

export interface ConnectOptions {
  /** An IP address, so that no name is looked up here. */
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type Connection =
  | { readonly kind: 'open'; readonly socket: Socket; readonly connectMs: number }
  | {
      readonly kind: Failure;
      /** The errno; undefined for silence. */
      readonly code: string | undefined;
    };

/** Rejects with the reason of the signal if the probe is stopped. */
export function connectOnce({ address, port, timeoutMs, signal }: ConnectOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(stopReason(signal));
    const begun = performance.now();
    const socket = connect({ host: address, port, noDelay: true });
    // An error of the call itself comes before Node waits for the network again. By then nothing was sent.
    let sent = false;
    socket.once('connectionAttempt', () => afterTicks(4, () => (sent = true)));
    const timer = setTimeout(() => end(() => resolve({ kind: 'silence', code: undefined })), timeoutMs);
    const stop = (): void => end(() => reject(stopReason(signal)));
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      then();
    };
    const end = (then: () => void): void =>
      settle(() => {
        socket.destroy();
        then();
      });
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', (error) => {
      const code = errorCode(error);
      end(() => resolve({ kind: outcomeOfErrno(code, sent), code }));
    });
    socket.once('connect', () =>
      settle(() => resolve({ kind: 'open', socket, connectMs: performance.now() - begun })),
    );
  });
}

/** Calls back after some turns of the queue of `process.nextTick`, which ends before Node waits for the network. */
function afterTicks(turns: number, then: () => void): void {
  if (turns === 0) then();
  else process.nextTick(() => afterTicks(turns - 1, then));
}

/** Why the probe was stopped, to reject with. */
export function stopReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('the probe was stopped');
}
