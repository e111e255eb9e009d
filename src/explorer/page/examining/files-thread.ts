/** The examiner of files and heads in a worker of the explorer. */
import { compareSides } from '../comparing/compare.ts';
import { answerFiles } from './thread.ts';

/** Milliseconds for one exchange: a person waits for it. */
const TIMEOUT_MS = 15_000;

answerFiles(Date.now, (ask) =>
  compareSides(ask, {
    fetch: (...args: Parameters<typeof fetch>) => fetch(...args),
    now: Date.now,
    timeoutMs: TIMEOUT_MS,
    patienceMs: 0,
  }),
);
