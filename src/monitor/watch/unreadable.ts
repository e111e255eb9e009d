/** Reports subjects that cannot be read: to the operator once in each run, to the receiver of alerts once. */
import { printable } from '../../bytes/printable.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import type { Unreadable } from '../../client/statuses.ts';
import { eventBody, eventName } from './changes.ts';
import type { WatchEvent, WatchState } from './state.ts';

/** Where it is told. */
export interface Telling {
  readonly state: WatchState;
  /** Whether events are delivered. */
  readonly delivers: boolean;
  /** Subject → the code that the operator was told in this run. */
  readonly warned: Map<string, string>;
  /** Milliseconds. */
  readonly now: () => number;
  readonly onWarning: (code: 'unreadable' | 'readable', text: string) => void;
}

/** Reports subjects that became unreadable since the last observation, and those that became readable. */
export function tellUnreadable(telling: Telling, snapshot: Snapshot, found: readonly Unreadable[]): void {
  const now = new Map(found.map(({ subject, refusal }) => [subject, refusal]));
  warn(telling, now);
  const { state } = telling;
  const told = state.unreadable();
  const over = [...told.keys()].filter((subject) => !now.has(subject));
  const news = [...now].filter(([subject, { code }]) => told.get(subject) !== code);
  if (over.length + news.length === 0) return;
  state.atOnce(() => {
    for (const subject of over) tell(telling, snapshot, subject, undefined);
    for (const [subject, { code, message }] of news) tell(telling, snapshot, subject, { code, message });
  });
}

function warn({ warned, onWarning }: Telling, now: ReadonlyMap<string, Unreadable['refusal']>): void {
  for (const subject of [...warned.keys()].filter((each) => !now.has(each))) {
    warned.delete(subject);
    onWarning('readable', `${line(subject)} can be read again`);
  }
  for (const [subject, { code, message }] of now) {
    if (warned.get(subject) === code) continue;
    warned.set(subject, code);
    onWarning(
      'unreadable',
      `${line(subject)} cannot be read (${code}), and the others go on: ${line(message)}`,
    );
  }
}

interface Why {
  readonly code: string;
  readonly message: string;
}

function tell({ state, delivers, now }: Telling, snapshot: Snapshot, subject: string, why?: Why): void {
  if (delivers) state.add(subject, '', eventOf(snapshot, subject, why), now());
  state.toldUnreadable(subject, why?.code);
}

function eventOf(snapshot: Snapshot, subject: string, why: Why | undefined): WatchEvent {
  const type = why === undefined ? 'subject.readable' : 'subject.unreadable';
  const data = { ...snapshotJson(snapshot), subject, code: why?.code ?? null, message: why?.message ?? null };
  const { opened, head } = snapshot.view;
  const same = [opened.checkpoint.origin, type, subject, why?.code ?? '', head.size];
  return { name: eventName('subject', same), body: eventBody(type, snapshot.now * 1000, data) };
}

function line(text: string): string {
  return printable(text.replaceAll(/[\t\n]+/g, ' '), 300);
}
