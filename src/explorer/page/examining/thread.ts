/** The thread that examines files: in a worker of the explorer, and in that of verify.html. */
import { asUsage } from '../../../bytes/within.ts';
import type { Trust } from '../../../client/evidence.ts';
import { parseReceiptKeys, trustReceiptKeys } from '../../../client/trust.ts';
import type { CompareAsk, ComparedShown } from '../comparing/protocol.ts';
import { faultOf } from '../worker/faults.ts';
import { readTrust, trustShown } from '../worker/trust.ts';
import { examineFiles } from './examine.ts';
import type { FilesAsk, FilesReply, GoneBy } from './protocol.ts';

/** Milliseconds between two reports of how far it is. */
const REPORT_MS = 100;

/** Compares two heads; verify.html does not, which asks nobody. */
export type Compare = (ask: CompareAsk) => Promise<ComparedShown>;

/** Answers questions that arrive as messages of this thread. `now`: milliseconds. */
export function answerFiles(now: () => number, compare?: Compare): void {
  addEventListener('message', ({ data }: MessageEvent<FilesAsk>) => {
    void answer(data, now, (reply) => postMessage(reply), compare);
  });
}

/** Answers one question; never throws. */
export async function answer(
  ask: FilesAsk,
  now: () => number,
  send: (reply: FilesReply) => void,
  compare?: Compare,
): Promise<void> {
  try {
    if (ask.kind === 'trust') return send({ say: 'trust', trust: trustShown(await trustBy(ask), 'reader') });
    if (ask.kind === 'compare') {
      if (compare === undefined) throw new Error('this page compares no heads');
      return send({ say: 'compared', compared: await compare(ask) });
    }
    let told = -Infinity;
    const trust = ask.trust === null ? undefined : await trustBy(ask.trust);
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

/** Refuses as `readTrust` does, and `usage` for keys that are none. */
async function trustBy({ text, keys }: GoneBy): Promise<Trust> {
  if (keys === null) return readTrust({ text });
  const receiptKeys = await asUsage(() => parseReceiptKeys(keys), 'neither evidence nor a COSE key');
  return text.trim() === '' ? trustReceiptKeys(receiptKeys) : { ...readTrust({ text }), receiptKeys };
}
