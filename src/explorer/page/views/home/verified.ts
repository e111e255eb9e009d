/** What this browser computed of the subjects that are shown: those on the page, the worst first. */
import { useRef, useState } from 'preact/hooks';
import type { OverviewRow } from '../../../shared/overview.ts';
import { useAnswers, type Session } from '../../state/session.ts';
import type { Fault, SubjectPart } from '../../worker/protocol.ts';
import { VerifierFault } from '../../worker/remote.ts';

/** What was computed, and of which words of the server: of others it is computed again. */
export interface Own {
  readonly said: string;
  readonly part: SubjectPart;
}

export interface Verified {
  readonly own: ReadonlyMap<string, Own>;
  readonly fault: Fault | undefined;
  /** Undefined while nothing is verified. */
  readonly stop: (() => void) | undefined;
}

/** Subjects of one question. */
const BATCH = 50;

/** The claims that the server names: a row that says the same is not verified twice under one head. */
export function saidIn({ claims, fault }: OverviewRow, size: number): string {
  return JSON.stringify([size, claims, fault]);
}

export function useVerified(
  session: Session | undefined,
  rows: readonly OverviewRow[],
  size: number,
): Verified {
  const [own, setOwn] = useState<ReadonlyMap<string, Own>>(new Map());
  const [fault, setFault] = useState<Fault | undefined>(undefined);
  const [stop, setStop] = useState<(() => void) | undefined>(undefined);
  const known = useRef(new Map<string, Own>());
  useAnswers(session, () => {
    known.current.clear();
    setOwn(new Map());
    return undefined;
  }, []);
  const key = JSON.stringify(rows.map((row) => [row.subject, saidIn(row, size)]));
  const tell = (found: readonly Own[]): void => {
    for (const each of found) known.current.set(each.part.subject, each);
    setOwn(new Map(known.current));
  };
  const ask = (opened: Session): (() => void) => {
    const open = rows.filter((row) => known.current.get(row.subject)?.said !== saidIn(row, size));
    const ended = new AbortController();
    const run = async (): Promise<void> => {
      const failed = await verify(opened, open, size, ended.signal, tell);
      if (ended.signal.aborted) return;
      setFault(failed);
      setStop(undefined);
    };
    void run();
    setStop(open.length === 0 ? undefined : () => () => ended.abort());
    return () => ended.abort();
  };
  useAnswers(session, ask, [key]);
  return { own, fault, stop };
}

/** The fault that ended it, if one did. `tell`: after each batch, and after each subject of the first. */
async function verify(
  session: Session,
  rows: readonly OverviewRow[],
  size: number,
  signal: AbortSignal,
  tell: (found: readonly Own[]) => void,
): Promise<Fault | undefined> {
  for (let at = 0; at < rows.length && !signal.aborted; at += BATCH) {
    const batch = rows.slice(at, at + BATCH);
    const said = new Map(batch.map((row) => [row.subject, saidIn(row, size)]));
    const found: Own[] = [];
    const subjects = batch.map(({ subject, claims, fault }) =>
      fault === null ? { subject, claims } : { subject },
    );
    const asked = session.ask({ kind: 'subjects', subjects }, (part) => {
      if (part.kind !== 'subject' || signal.aborted) return;
      found.push({ said: said.get(part.subject) ?? '', part });
      if (at === 0 || found.length % 10 === 0) tell(found.splice(0));
    });
    const end = (): void => asked.stop();
    signal.addEventListener('abort', end, { once: true });
    try {
      await asked.result;
      tell(found);
    } catch (error) {
      if (!(error instanceof VerifierFault)) throw error;
      return error.fault.code === 'stopped' ? undefined : error.fault;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
  return undefined;
}
