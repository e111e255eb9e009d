/** Alarms about heads and files as served, and the memory that tells one wrong once while it lasts. */
import { formatBase64, formatHex } from '../bytes/text.ts';
import { formatVkey, type NoteVerifier } from '../note/key.ts';
import type { Alarm, AlarmSink } from './alarm.ts';
import type { SeenHead } from './head.ts';
import type { Tampered } from '../client/served.ts';

/** Bytes of what was served that go into an incident's file. */
const SERVED_KEPT = 65_536;

/** Alarms of one step that are handed to its caller; the sink gets all. */
const NEWS_KEPT = 100;

/** Alarms remembered as raised. */
const RAISED_KEPT = 10_000;

/** Raises alarms, each once until a step passes without it, or its incident was closed. */
export class Raised {
  readonly #sink: AlarmSink;
  /** What was raised, by what stays the same of it: what the incident is about. */
  #before: ReadonlyMap<string, string> = new Map();
  #now = new Map<string, string>();
  #news: Alarm[] = [];

  constructor(sink: AlarmSink) {
    this.#sink = sink;
  }

  /** The alarms raised since `begin` for the first time. */
  get news(): readonly Alarm[] {
    return this.#news;
  }

  /** A step begins. */
  begin(): void {
    this.#before = new Map([...this.#before, ...this.#now].slice(-RAISED_KEPT));
    this.#now = new Map();
    this.#news = [];
  }

  /** The step went well: what was not raised in it is over, and would be told again. */
  settle(): void {
    this.#before = new Map();
  }

  /** Durable when it resolves. `same`: what stays the same of it while it lasts, if that is not what it is about. */
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

/** What was served, whole and twice, is not under the signed root of `head`. */
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

/** A line in the name of a witness of the policy that does not verify. */
export function forgedAlarm(head: SeenHead, { name, type, key, id }: NoteVerifier): Alarm {
  const { size, root } = head.opened.checkpoint;
  return {
    evidence: { kind: 'forged-cosignature', head: head.served, vkey: formatVkey(name, type, key) },
    about: `${name} ${id}`,
    what: `the cosignature by ${name} on the tree of ${size} entries, root ${formatHex(root)}, does not verify`,
  };
}
