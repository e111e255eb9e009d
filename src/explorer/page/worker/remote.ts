/** The verifier as the page sees it: each question gets its parts, and its result or its fault. */
import { isReply, isResultOf } from './messages.ts';
import type { Ask, AskKind, Fault, Part, Question, Reply, Results } from './protocol.ts';

/** What is used of a `Worker`. */
export interface Port {
  postMessage(question: Question): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
}

/** Why a question has no result. */
export class VerifierFault extends Error {
  override readonly name = 'VerifierFault';
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.text);
    this.fault = fault;
  }
}

/** A question that was asked. `stop` makes the result reject with the fault `stopped`. */
export interface Asked<Kind extends AskKind> {
  readonly result: Promise<Results[Kind]>;
  stop(): void;
}

interface Waiting {
  readonly part: (part: Part) => void;
  readonly done: (result: Results[AskKind]) => void;
  readonly failed: (fault: VerifierFault) => void;
}

export class RemoteVerifier {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #broken: VerifierFault | undefined;
  /** Called when the verifier itself has failed: it answers nothing any more. */
  onBroken: (fault: VerifierFault) => void = () => undefined;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener('message', ({ data }) => {
      if (!isReply(data)) throw new Error('a message of the verifier that is no reply');
      this.#take(data);
    });
    port.addEventListener('error', ({ message = 'the verifier did not start' }) => {
      const fault = new VerifierFault({ code: 'bug', nature: 'bug', text: message });
      this.#broken ??= fault;
      this.onBroken(fault);
      for (const each of this.#waiting.values()) each.failed(fault);
      this.#waiting.clear();
    });
  }

  /** Asks. `onPart`: called with each part as it comes. The result rejects with a `VerifierFault`. */
  ask<Kind extends AskKind>(
    ask: Extract<Ask, { readonly kind: Kind }>,
    onPart: (part: Part) => void = () => undefined,
  ): Asked<Kind> {
    if (this.#broken !== undefined) return { result: Promise.reject(this.#broken), stop: () => undefined };
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<Results[Kind]>();
    const done = (result: Results[AskKind]): void => {
      if (!isResultOf<Kind>(ask.kind, result)) throw new Error(`no result of ${ask.kind}`);
      resolve(result);
    };
    this.#waiting.set(id, { part: onPart, done, failed: reject });
    this.#port.postMessage({ id, ask });
    return { result: promise, stop: () => this.#port.postMessage({ id, stop: true }) };
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if (reply.say === 'part') return waiting.part(reply.part);
    this.#waiting.delete(reply.id);
    if (reply.say === 'done') waiting.done(reply.result);
    else waiting.failed(new VerifierFault(reply.fault));
  }
}
