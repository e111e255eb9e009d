/**
 * Makes the alarms about heads and files as the log serves them, and remembers which were raised, so that a fault that
 * lasts is raised once.
 */
import { formatBase64, formatHex } from '../bytes/text.ts';
import { formatVkey, type NoteVerifier } from '../note/key.ts';
import type { Alarm, AlarmSink } from './alarm.ts';
import type { SeenHead } from './head.ts';
import type { Tampered } from '../client/served.ts';

/** Most bytes of a served file that an incident contains. */
const SERVED_KEPT = 65_536;

/** Most alarms of one step that its caller receives; the sink receives all. */
const NEWS_KEPT = 100;

/** Most alarms that are remembered as raised. */
const RAISED_KEPT = 10_000;

/** Raises each alarm once, until a step passes without it or its incident is closed. */
export class Raised {
  readonly #sink: AlarmSink;
  /**
   * For each alarm raised in the last step: the part of it that stays the same while it lasts → what its incident is
   * about.
   */
  #before: ReadonlyMap<string, string> = new Map();
  #now = new Map<string, string>();
  #news: Alarm[] = [];

  constructor(sink: AlarmSink) {
    this.#sink = sink;
  }

  /** The alarms raised since `begin` that were not raised in the step before. */
  get news(): readonly Alarm[] {
    return this.#news;
  }

  /** A step begins. */
  begin(): void {
    this.#before = new Map([...this.#before, ...this.#now].slice(-RAISED_KEPT));
    this.#now = new Map();
    this.#news = [];
  }

  /** The step is complete: alarms that were not raised in it are over, and would be raised again. */
  settle(): void {
    this.#before = new Map();
  }

  /** Durable when it resolves. `same`: what stays the same while the alarm lasts, if that differs from `about`. */
  async raise(alarm: Alarm, same = alarm.about): Promise<void> {
    const { kind } = alarm.evidence;
    const key = `${kind}\n${same}`;
    const about = this.#now.get(key) ?? this.#before.get(key);
    const told = about !== undefined && this.#sink.isOpen(kind, about);
    if (!told) await this.#sink.raise(alarm);
    if (this.#now.size < RAISED_KEPT) this.#now.set(key, told ? about : alarm.about);
    if (!told && this.#news.length < NEWS_KEPT) this.#news.push(alarm);
  }
}

/** The alarm for a file that was served complete, twice, and is not under the signed root of `head`. */
export function tamperedAlarm({ path, place, served, message }: Tampered, head: SeenHead): Alarm {
  return {
    evidence: {
      kind: 'tampered-data',
      head: head.served,
      path,
      served: formatBase64(served.subarray(0, SERVED_KEPT)),
    },
    about: place,
    what: message,
  };
}

/** The alarm for a signature line in the name of a witness of the policy that does not verify. */
export function forgedAlarm(head: SeenHead, { name, type, key, id }: NoteVerifier): Alarm {
  const { size, root } = head.opened.checkpoint;
  return {
    evidence: { kind: 'forged-cosignature', head: head.served, vkey: formatVkey(name, type, key) },
    about: `${name} ${id}`,
    what: `the cosignature by ${name} on the tree of ${size} entries, root ${formatHex(root)}, does not verify`,
  };
}
