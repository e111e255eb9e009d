/** The examiner as the page sees it. A question that is stopped ends the thread; the next one begins another. */
import type { CompareAsk, ComparedShown } from '../comparing/protocol.ts';
import type { TrustShown } from '../worker/protocol.ts';
import { VerifierFault } from '../worker/remote.ts';
import type { FilesAsk, FilesReply, FileVerdict, GivenFile, GoneBy } from './protocol.ts';

export type Progress = Extract<FilesReply, { readonly say: 'progress' }>;

export class Examiner {
  readonly #start: () => Worker;
  #thread: Worker | undefined;
  #stop: ((fault: VerifierFault) => void) | undefined;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  /** Reads a policy or keys. Rejects with a `VerifierFault`. */
  async trust(by: GoneBy): Promise<TrustShown> {
    const reply = await this.#ask({ kind: 'trust', ...by }, () => undefined);
    if (reply.say !== 'trust') throw new Error('no answer about trust');
    return reply.trust;
  }

  async files(
    files: readonly GivenFile[],
    trust: GoneBy | null,
    tell: (progress: Progress) => void,
  ): Promise<readonly FileVerdict[]> {
    const reply = await this.#ask({ kind: 'files', files, trust }, tell);
    if (reply.say !== 'files') throw new Error('no answer about files');
    return reply.verdicts;
  }

  async compare(ask: CompareAsk): Promise<ComparedShown> {
    const reply = await this.#ask(ask, () => undefined);
    if (reply.say !== 'compared') throw new Error('no answer about heads');
    return reply.compared;
  }

  /** What is being examined is not examined further. */
  stop(): void {
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#stop?.(new VerifierFault({ code: 'stopped', nature: 'stopped', text: 'stopped' }));
  }

  #ask(ask: FilesAsk, tell: (progress: Progress) => void): Promise<FilesReply> {
    this.stop();
    const thread = this.#start();
    this.#thread = thread;
    return new Promise((resolve, reject) => {
      this.#stop = reject;
      thread.addEventListener('message', ({ data }: MessageEvent<FilesReply>) => {
        if (data.say === 'progress') return tell(data);
        if (data.say === 'failed') reject(new VerifierFault(data.fault));
        else resolve(data);
        thread.terminate();
      });
      thread.addEventListener('error', ({ message }) =>
        reject(
          new VerifierFault({ code: 'bug', nature: 'bug', text: message || 'the verifier did not start' }),
        ),
      );
      thread.postMessage(ask);
    });
  }
}
