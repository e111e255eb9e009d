/** Reads a subject for its page: the server's word at once, and what this browser verifies of it, as that comes. */
import { useRef, useState } from 'preact/hooks';
import { useAnswers, type Session } from '../../state/session.ts';
import type { Part, SubjectAsk } from '../../worker/protocol.ts';
import { Known } from './known.ts';
import type { Window } from './period.ts';
import { VerifierFault } from '../../worker/remote.ts';

/** Seconds at the end of a period that are verified first. */
const VISIBLE = 2 * 86_400;

/** Begins again when the subject, the window or whose keys it goes by changes; what ran before is stopped. */
export function usePast(
  session: Session | undefined,
  subject: string,
  window: Window,
): { readonly known: Known; readonly stop: () => void } {
  const [, redraw] = useState(0);
  const known = useRef(new Known());
  const stop = useRef<() => void>(() => undefined);
  const { since, until } = window.period;
  const ask = (opened: Session): (() => void) => {
    known.current = new Known();
    const running = read(opened, subject, window, known.current, () => redraw((n) => n + 1));
    stop.current = running;
    return running;
  };
  useAnswers(session, ask, [subject, since, until, window.at, window.whole]);
  return { known: known.current, stop: () => stop.current() };
}

/** Returns what stops it. */
function read(
  session: Session,
  subject: string,
  { period, at, whole }: Window,
  known: Known,
  redraw: () => void,
): () => void {
  const abort = new AbortController();
  const drawn = onceInAWhile(() => {
    if (!abort.signal.aborted || !known.isRunning) redraw();
    session.count(known.counts);
  });
  const take = (part: Part): void => {
    known.take(part);
    drawn();
  };
  const run = async (): Promise<void> => {
    const early =
      at === undefined ? session.ask({ kind: 'subjects', subjects: [{ subject }] }, take) : undefined;
    // What goes wrong now goes wrong again below, and is told there.
    early?.result.catch(() => undefined);
    abort.signal.addEventListener('abort', () => early?.stop());
    const asked = session.ask(askOf(subject, { period, at, whole }, session.role === 'log'), take);
    abort.signal.addEventListener('abort', () => asked.stop());
    if (abort.signal.aborted) asked.stop();
    known.done = await asked.result;
    known.marks = known.done.marks;
  };
  run()
    .catch((error: unknown) => {
      if (!(error instanceof VerifierFault)) throw error;
      known.fault = error.fault;
    })
    .finally(() => {
      known.isRunning = false;
      drawn();
    });
  return () => abort.abort();
}

/** `computes`: whether the server computes histories, as a log does. */
function askOf(
  subject: string,
  { period, at, whole }: Omit<Window, 'at'> & { readonly at: string | undefined },
  computes: boolean,
): SubjectAsk {
  return {
    kind: 'subject',
    subject,
    period,
    visible: { since: Math.max(period.since, period.until - VISIBLE), until: period.until },
    whole,
    // The server's word is of now: for a moment of the past it has none.
    ...(at === undefined ? computes && { told: true } : { at }),
  };
}

/** Milliseconds between two drawings. */
const REDRAW_MS = 150;

/** The next drawing comes no sooner than so many times as long as the last one took, up to a bound: the page stays free for its reader. */
const REST = 4;
const MOST_REST_MS = 2_000;

/** Calls soon, and not again for a while: the longer it takes, the later. */
function onceInAWhile(call: () => void): () => void {
  let isWaiting = false;
  let rest = 0;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(
      () => {
        isWaiting = false;
        const began = performance.now();
        call();
        // What was changed is drawn after this task.
        requestAnimationFrame(() => setTimeout(() => (rest = REST * (performance.now() - began)), 0));
      },
      Math.min(MOST_REST_MS, Math.max(REDRAW_MS, rest)),
    );
  };
}
