/** The thread that examines files: in a worker of the explorer, and in that of verify.html. */
import { faultOf } from '../worker/faults.ts';
import { readTrust, trustShown } from '../worker/trust.ts';
import { examineFiles } from './examine.ts';
import type { FilesAsk, FilesReply } from './protocol.ts';

/** Milliseconds between two reports of how far it is. */
const REPORT_MS = 100;

/** Answers questions that arrive as messages of this thread. `now`: milliseconds. */
export function answerFiles(now: () => number): void {
  addEventListener('message', ({ data }: MessageEvent<FilesAsk>) => {
    void answer(data, now, (reply) => postMessage(reply));
  });
}

/** Answers one question; never throws. */
export async function answer(
  ask: FilesAsk,
  now: () => number,
  send: (reply: FilesReply) => void,
): Promise<void> {
  try {
    if (ask.kind === 'trust') return send({ say: 'trust', trust: trustShown(readTrust(ask), 'reader') });
    let told = -Infinity;
    const trust = ask.trust === null ? undefined : readTrust({ text: ask.trust });
    const verdicts = await examineFiles(ask.files, trust, (what, done, of) => {
      if (now() - told < REPORT_MS) return;
      told = now();
      send({ say: 'progress', what, done, of });
    });
    send({ say: 'files', verdicts });
  } catch (error) {
    send({ say: 'failed', fault: faultOf(error) });
  }
}
