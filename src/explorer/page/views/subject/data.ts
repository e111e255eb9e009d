/** Reads a subject for its page: the server's word at once, and what this browser verifies of it, as that comes. */
import { useRef, useState } from 'preact/hooks';
import type { HistoryJson } from '../../../../appraisal/past/json.ts';
import { useAnswers, type Session } from '../../state/session.ts';
import { WrongAnswer } from '../../state/shape.ts';
import { toldHistory } from '../../state/told-history.ts';
import type { Part, Period, SubjectAsk } from '../../worker/protocol.ts';
import { Known } from './known.ts';
import type { Window } from './period.ts';
import { VerifierFault } from '../../worker/remote.ts';

/** Looks that the server says have failed are verified first; as many as this. */
const MOST_FIRST = 1_000;
const FAILED: ReadonlySet<string> = new Set(['VIOLATED', 'CONTRADICTED', 'REVOKED']);
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
    // The server's word is of now: for a moment of the past it has none.
    const isTold = at === undefined && session.role === 'log';
    const told = isTold ? hear(session, subject, period, known, abort.signal, drawn) : undefined;
    if (isTold) await Promise.race([told, pause(PATIENCE_MS)]);
    known.isTold = known.told !== undefined;
    const asked = session.ask(askOf(subject, { period, at, whole }, known.told), take);
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

/** Draws what the server says, whenever it says it. */
async function hear(
  session: Session,
  subject: string,
  period: Period,
  known: Known,
  signal: AbortSignal,
  drawn: () => void,
): Promise<void> {
  try {
    known.told = await toldHistory(session.site, subject, period, signal);
  } catch (error) {
    if (!(error instanceof WrongAnswer)) throw error;
    known.toldWrong = error.message;
  }
  drawn();
}

function askOf(
  subject: string,
  { period, at, whole }: Omit<Window, 'at'> & { readonly at: string | undefined },
  told: HistoryJson | undefined,
): SubjectAsk {
  const first = told?.claims.flatMap(({ looks }) =>
    looks.filter(({ verdict }) => FAILED.has(verdict)).map(({ index }) => index),
  );
  return {
    kind: 'subject',
    subject,
    period,
    visible: { since: Math.max(period.since, period.until - VISIBLE), until: period.until },
    whole,
    ...(at !== undefined && { at }),
    ...(told !== undefined && { told, first: first?.slice(-MOST_FIRST) ?? [] }),
  };
}

/** Milliseconds that the verifier waits for the server's word: it says what to verify first. */
const PATIENCE_MS = 1_500;
/** Milliseconds between two drawings. */
const REDRAW_MS = 150;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Calls soon, and not again for a while. */
function onceInAWhile(call: () => void): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      call();
    }, REDRAW_MS);
  };
}
