/**
 * What a page knows of its log while it is open: whose keys it goes by, the head that was verified, and how much of what it shows
 * was. One session a document; views ask the verifier through it.
 */
import { useEffect, useState } from 'preact/hooks';
import type { Boot, Site } from '../../shared/boot.ts';
import type {
  Ask,
  AskKind,
  Fault,
  HeadShown,
  Part,
  Results,
  TrustShown,
  TrustText,
} from '../worker/protocol.ts';
import { RemoteVerifier, VerifierFault, type Asked } from '../worker/remote.ts';
import { startWorker } from '../worker/start.ts';
import { ReaderTrust } from './reader-trust.ts';

export interface SessionState {
  readonly trust: TrustShown | undefined;
  /** Whose keys it goes by, whether or not they can be read. */
  readonly whose: TrustText['whose'];
  /** Whether the browser refused to keep the reader's policy: it then holds for this page alone. */
  readonly isPassing: boolean;
  readonly head: HeadShown | undefined;
  /** Why there is neither: keys that cannot be read, a verifier that did not start. */
  readonly fault: Fault | undefined;
  /** Rows of the page that were verified, that do not hold, and that there are. */
  readonly verified: number;
  readonly wrong: number;
  readonly rows: number;
  /** Whether the verifier has said nothing for long, though it was asked: it may have ended. */
  readonly isSilent: boolean;
  /** Whether this browser said that it keeps what it saw. */
  readonly kept: boolean | undefined;
}

const BEFORE: SessionState = {
  trust: undefined,
  whose: 'server',
  isPassing: false,
  head: undefined,
  fault: undefined,
  verified: 0,
  wrong: 0,
  rows: 0,
  isSilent: false,
  kept: undefined,
};

/** Questions about the log. */
type Reading = Exclude<AskKind, 'open' | 'trust'>;

export class Session {
  readonly site: Site;
  /** What serves the page: a log alone computes histories. */
  readonly role: Boot['role'];
  readonly #start: () => RemoteVerifier;
  #verifier: RemoteVerifier;
  readonly #trust: ReaderTrust;
  readonly #listeners = new Set<() => void>();
  #state = BEFORE;
  #opened: Promise<void>;

  constructor(boot: Boot, site: Site, start = () => new RemoteVerifier(startWorker(boot))) {
    this.site = site;
    this.role = boot.role;
    this.#start = start;
    this.#verifier = this.#started();
    this.#trust = new ReaderTrust(site.origin, site.policy);
    this.#opened = this.#open();
    void persist().then((kept) => this.#set({ kept }));
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The policy that it goes by, as it was given. */
  get trustText(): string {
    return this.#trust.text.text;
  }

  /** Calls back after each change, until the function that it returns is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Asks the verifier, once it has opened the log. */
  ask<Kind extends Reading>(
    ask: Extract<Ask, { readonly kind: Kind }>,
    onPart: (part: Part) => void = () => undefined,
  ): Asked<Kind> {
    const opened = this.#opened;
    const heard = (part: Part): void => {
      // What was verified by other keys says nothing of these.
      if (opened !== this.#opened) return;
      if (part.kind === 'head') this.#set({ head: sinceOpened(this.#state.head, part.head) });
      onPart(part);
    };
    let stopped = false;
    let asked: Asked<Kind> | undefined;
    const result = opened.then(() => {
      if (stopped) throw new VerifierFault({ code: 'stopped', nature: 'stopped', text: 'stopped' });
      asked = this.#verifier.ask(ask, heard);
      return asked.result;
    });
    const stop = (): void => {
      stopped = true;
      asked?.stop();
    };
    return { result, stop };
  }

  /** Verifies the newest head, and shows it. */
  async look(): Promise<void> {
    const opened = this.#opened;
    try {
      const head = await this.ask({ kind: 'head' }).result;
      if (opened === this.#opened) this.#set({ head: sinceOpened(this.#state.head, head) });
    } catch (error) {
      if (opened === this.#opened) this.#fail(error);
    }
  }

  /** Goes by the reader's own policy from now on, and keeps it. Rejects with a `VerifierFault` for a text that is none. */
  async trust(text: string): Promise<TrustShown> {
    const read = await this.#verifier.ask({ kind: 'trust', text }).result;
    const isPassing = !this.#trust.use(text);
    await this.#again(isPassing);
    return read;
  }

  /** Goes by the server's keys again. */
  async forgetTrust(): Promise<void> {
    this.#trust.forget();
    await this.#again();
  }

  /** Ends the verifier, and starts another one, which is asked everything again. */
  async restart(): Promise<void> {
    this.#verifier.end();
    this.#verifier = this.#started();
    await this.#again(this.#state.isPassing);
  }

  #started(): RemoteVerifier {
    const verifier = this.#start();
    verifier.onBroken = (broken) => this.#fail(broken);
    verifier.onSilent = (isSilent) => this.#set({ isSilent });
    return verifier;
  }

  /** How much of what the page shows was verified. */
  count(counts: Pick<SessionState, 'verified' | 'wrong' | 'rows'>): void {
    this.#set(counts);
  }

  async #again(isPassing = false): Promise<void> {
    this.#set({ ...BEFORE, kept: this.#state.kept, isPassing });
    this.#opened = this.#open();
    await this.#opened;
  }

  /** Rejects where it fails, which is told as `fault`, too: who asks nothing misses nothing. */
  #open(): Promise<void> {
    const opened = this.#opening();
    opened.catch(() => undefined);
    return opened;
  }

  async #opening(): Promise<void> {
    const { base, origin, policy } = this.site;
    const log = new URL(base, location.origin).href;
    try {
      const trust = this.#trust.text;
      this.#set({ whose: trust.whose });
      const opened = this.#verifier.ask({ kind: 'open', log, origin, trust, served: policy });
      this.#set({ trust: await opened.result });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof VerifierFault)) throw error;
    if (error.fault.code !== 'stopped') this.#set({ fault: error.fault });
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** A head as compared with what this browser saw before the page was opened: what the page itself saw since does not count. */
export function sinceOpened(before: HeadShown | undefined, head: HeadShown): HeadShown {
  if (before === undefined || !before.verified || !head.verified) return head;
  if (head.seen === 'same') return before.root === head.root ? before : head;
  if (head.seen !== 'newer') return head;
  return { ...head, seen: before.seen === 'same' ? 'newer' : before.seen, before: before.before };
}

/** Asks the browser to keep what pages of this server remember; undefined if it does not say. */
async function persist(): Promise<boolean | undefined> {
  try {
    return await navigator.storage.persist();
  } catch {
    return undefined; // On http: pages of other hosts have no such storage.
  }
}

const SESSIONS = new Map<string, Session>();

/** The session of the page's log; undefined on a page of no log. Views that use it are drawn again when it changes. */
export function useSession(boot: Boot): Session | undefined {
  const session = sessionOf(boot);
  const [, changed] = useState(0);
  useEffect(() => session?.subscribe(() => changed((n) => n + 1)), [session]);
  return session;
}

/**
 * Asks once the verifier has opened the log, or could not, which the answer then says; and again when it goes by other keys or when
 * one of `on` changes. `ask` returns what stops it.
 */
export function useAnswers(
  session: Session | undefined,
  ask: (session: Session) => (() => void) | undefined,
  on: readonly unknown[],
): void {
  const keys = session?.state.trust?.fingerprint ?? session?.state.fault?.code;
  useEffect(
    () => (session === undefined || keys === undefined ? undefined : ask(session)),
    [session, keys, ...on],
  );
}

/** The answer to one question, or why there is none; neither while it is worked on. Asked again as `useAnswers` does. */
export function useAnswer<Kind extends Reading>(
  session: Session,
  question: Extract<Ask, { readonly kind: Kind }>,
): { readonly shown: Results[Kind] | undefined; readonly fault: Fault | undefined } {
  const [shown, setShown] = useState<Results[Kind] | undefined>(undefined);
  const [fault, setFault] = useState<Fault | undefined>(undefined);
  const ask = (): (() => void) => {
    setShown(undefined);
    setFault(undefined);
    const asked = session.ask<Kind>(question);
    asked.result.then(
      (result) => setShown(() => result),
      (error: unknown) => {
        if (!(error instanceof VerifierFault)) throw error;
        if (error.fault.code !== 'stopped') setFault(error.fault);
      },
    );
    return () => asked.stop();
  };
  useAnswers(session, ask, [JSON.stringify(question)]);
  return { shown, fault };
}

/** The session of a log, begun when it is first asked for. */
export function sessionOf(boot: Boot): Session | undefined {
  const { site } = boot;
  if (site === null) return undefined;
  const known = SESSIONS.get(site.base) ?? new Session(boot, site);
  SESSIONS.set(site.base, known);
  return known;
}
