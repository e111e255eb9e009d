/**
 * Questions and answers between threads. A refusal crosses as its code, text and remedy; anything else that is
 * thrown over there is a bug, and comes out here as an Error with the same stack.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { Refusal, refuse, type RefusalCode } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';

type Failure = {
  readonly code: RefusalCode | undefined;
  readonly message: string;
  readonly remedy?: Remedy | undefined;
  /** Only of a bug: for the operator's own log, never for a client. */
  readonly stack?: string | undefined;
};
type Answer<R> = { readonly id: number } & ({ readonly value: R } | { readonly failure: Failure });
type Message<R, E> = { readonly answer: Answer<R> } | { readonly event: E };

interface Open<R> {
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread as the one that started it sees it: ask it, and hear its events. */
export class Remote<Q, R, E> {
  readonly #worker: Worker;
  readonly #open = new Map<number, Open<R>>();
  #next = 0;
  #ended: Error | undefined;

  /** `onExit` is told when the thread ends, however that happens. */
  constructor(worker: Worker, onEvent: (event: E) => void, onExit: (error: Error | undefined) => void) {
    this.#worker = worker;
    worker.on('message', (message: Message<R, E>) => {
      if ('event' in message) onEvent(message.event);
      else this.#settle(message.answer);
    });
    worker.on('error', (error: Error) => this.#end(error));
    worker.on('exit', () => {
      this.#end(new Error('the thread has ended'));
      onExit(this.#ended);
    });
  }

  /** Asks; rejects with the refusal or error of the other side, or when the thread ends first. */
  ask(question: Q): Promise<R> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#open.set(id, { resolve, reject });
      this.#worker.postMessage({ id, question });
    });
  }

  /** Ends the thread at once. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: Answer<R>): void {
    const open = this.#open.get(answer.id);
    if (open === undefined) throw new Error(`an answer nobody waits for: ${answer.id}`);
    this.#open.delete(answer.id);
    if ('value' in answer) open.resolve(answer.value);
    else open.reject(revived(answer.failure));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#open.values()) reject(this.#ended);
    this.#open.clear();
  }
}

/**
 * Answers questions on this side; `owned` names memory of an answer that moves to the other side uncopied.
 * Returns how to send events.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- both ends of a channel name its types
export function answerOn<Q, R, E>(
  port: MessagePort,
  answer: (question: Q) => Promise<R>,
  owned: (value: R) => ArrayBuffer[] = () => [],
): (event: E) => void {
  port.on('message', ({ id, question }: { id: number; question: Q }) => {
    answer(question).then(
      (value) => port.postMessage({ answer: { id, value } }, owned(value)),
      (error: unknown) => port.postMessage({ answer: { id, failure: packed(error) } }),
    );
  });
  return (event) => port.postMessage({ event });
}

/** A failure in the form that crosses threads. */
export function packed(error: unknown): Failure {
  if (error instanceof Refusal) return { code: error.code, message: error.message, remedy: error.remedy };
  if (error instanceof Error) return { code: undefined, message: error.message, stack: error.stack };
  return { code: undefined, message: String(error) };
}

/** The failure as an error again. */
export function revived({ code, message, stack, remedy }: Failure): Error {
  if (code !== undefined) return refuse(code, message, { remedy });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
