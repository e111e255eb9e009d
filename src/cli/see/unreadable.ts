/** A subject that cannot be read is told for itself, and once: to the operator, and to the receiver of alerts. */
import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { Alerts } from './alerts.ts';
import type { Unreadable } from '../../client/statuses.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { keyOf, type WatchState } from './watchstate.ts';
import { line } from './words.ts';

/** Where it is told. `unreadable`: what was told of which subject last. */
interface Told {
  readonly state: WatchState;
  readonly alerts: Alerts | undefined;
  readonly unreadable: Map<string, string>;
}

export async function tellUnreadable(
  { output, world }: Context,
  { state, alerts, unreadable: told }: Told,
  look: Snapshot,
  unreadable: readonly Unreadable[],
): Promise<void> {
  const now = new Map(unreadable.map(({ subject, refusal }) => [subject, refusal]));
  for (const subject of [...told.keys()].filter((each) => !now.has(each))) {
    told.delete(subject);
    output.warn(`${line(subject)} can be read again`);
    if (alerts !== undefined)
      state.add(keyOf(subject, ''), eventOf(look, subject, undefined), true, world.now());
  }
  for (const [subject, refusal] of now) {
    const { code, message } = refusal;
    if (told.get(subject) === code) continue;
    told.set(subject, code);
    output.warn(`${line(subject)} cannot be read (${code}), and the others go on: ${line(message)}`);
    if (alerts !== undefined)
      state.add(keyOf(subject, ''), eventOf(look, subject, { code, message }), false, world.now());
  }
  await state.save();
  alerts?.wake();
}

function eventOf(
  look: Snapshot,
  subject: string,
  why: { readonly code: string; readonly message: string } | undefined,
): { readonly name: string; readonly body: string } {
  const type = why === undefined ? 'subject.readable' : 'subject.unreadable';
  const data = { ...snapshotJson(look), subject, code: why?.code ?? null, message: why?.message ?? null };
  const what = [look.view.opened.checkpoint.origin, type, subject, why?.code ?? '', look.view.head.size];
  return {
    name: `subject_${createHash('sha256').update(what.join('\n')).digest('hex').slice(0, 40)}`,
    body: JSON.stringify({ type, timestamp: new Date(look.now * 1000).toISOString(), data }),
  };
}
