/** The verifier as the page sees it: each question gets its parts, and its result or its fault. */
import { isResultOf } from './messages.ts';
import { Joiner } from './pieces.ts';
import type { Ask, AskKind, Fault, Part, Question, Reply, Results } from './protocol.ts';

/** What is used of a `Worker`. */
export interface Port {
  postMessage(question: Question): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
  terminate(): void;
}

/** Calls again and again, until the function that it returns is called. */
export type Repeat = (call: () => void) => () => void;

/** Milliseconds between two looks whether a verifier that has something to answer is there. */
const LOOK_MS = 5_000;
/** Looks without any word of it, after which it is called silent: it may work on something long, or have ended. */
const SILENT_LOOKS = 4;

/** Why a question has no result. */
export class VerifierFault extends Error {
  override readonly name = 'VerifierFault';
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.text);
    this.fault = fault;
  }
}

/** Why something failed that a reader gave: the verifier's fault, or that it cannot be read. */
export function faultIn(error: unknown): Fault {
  if (error instanceof VerifierFault) return error.fault;
  return { code: 'usage', nature: 'input', text: error instanceof Error ? error.message : String(error) };
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
  readonly #repeat: Repeat;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #broken: VerifierFault | undefined;
  #rest: (() => void) | undefined;
  /** Looks since its last word. */
  #looks = 0;
  /** Called when the verifier itself has failed: it answers nothing any more. */
  onBroken: (fault: VerifierFault) => void = () => undefined;
  /** Called when it has said nothing for long though it was asked; and with false once it speaks again. */
  onSilent: (isSilent: boolean) => void = () => undefined;

  constructor(port: Port, repeat: Repeat = every) {
    this.#port = port;
    this.#repeat = repeat;
    const joiner = new Joiner();
    port.addEventListener('message', ({ data }) => {
      const reply = joiner.take(data);
      if (this.#looks >= SILENT_LOOKS) this.onSilent(false);
      this.#looks = 0;
      if (reply !== undefined) this.#take(reply);
    });
    port.addEventListener('error', ({ message = 'the verifier did not start' }) => {
      const fault = new VerifierFault({ code: 'bug', nature: 'bug', text: message });
      this.#end(fault);
      this.onBroken(fault);
    });
  }

  /** Ends the thread. Whatever it was asked, or is asked later, rejects with the fault `stopped`. */
  end(): void {
    this.#end(new VerifierFault({ code: 'stopped', nature: 'stopped', text: 'stopped' }));
    this.#port.terminate();
  }

  #end(fault: VerifierFault): void {
    this.#broken ??= fault;
    for (const each of this.#waiting.values()) each.failed(fault);
    this.#waiting.clear();
    this.#watch();
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
    this.#watch();
    this.#port.postMessage({ id, ask });
    return { result: promise, stop: () => this.#port.postMessage({ id, stop: true }) };
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if (reply.say === 'part') return waiting.part(reply.part);
    this.#waiting.delete(reply.id);
    this.#watch();
    if (reply.say === 'done') waiting.done(reply.result);
    else if (reply.say === 'failed') waiting.failed(new VerifierFault(reply.fault));
  }

  /** A thread may end without a word. While it has something to answer, it is looked after. */
  #watch(): void {
    if (this.#waiting.size === 0) {
      this.#rest?.();
      this.#rest = undefined;
    } else if (this.#rest === undefined) {
      this.#looks = 0;
      this.#rest = this.#repeat(() => this.#look());
    }
  }

  #look(): void {
    this.#looks += 1;
    if (this.#looks === SILENT_LOOKS) this.onSilent(true);
    this.#port.postMessage({ id: 0, ping: true });
  }
}

function every(call: () => void): () => void {
  const timer = setInterval(call, LOOK_MS);
  return () => clearInterval(timer);
}
