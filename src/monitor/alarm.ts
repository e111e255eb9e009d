/**
 * What a monitor's parts tell each other: alarms with their evidence, the sink that keeps them, and the
 * watches that see every verified entry.
 */
import type { EntryId } from '../bytes/brand.ts';
import type { Evidence, IncidentKind, LoggedEvidence } from '../incident/incident.ts';
import type { ParsedStatement } from '../statement/parse.ts';

/** Something a log must never do, seen. `what`: one sentence for people. */
export interface Alarm {
  readonly evidence: Evidence;
  /** What makes it the same alarm again. */
  readonly about: string;
  readonly what: string;
  /** The key that made it, of what a key can make as many of as it likes. */
  readonly source?: string;
}

/** Keeps alarms. Durable when it resolves: an alarm is never lost between being seen and being stored. */
export interface AlarmSink {
  raise(alarm: Alarm): Promise<void>;
  /** Whether what was raised is still open: somebody may have closed it, and is told when it goes on. */
  isOpen(kind: IncidentKind, about: string): boolean;
}

/** One entry under a verified head, in the order of the log. */
export interface SeenEntry {
  readonly index: number;
  readonly id: EntryId;
  readonly bytes: Uint8Array;
  /**
   * Undefined for what is not a statement, and in a log of other software; also for an entry that the log should
   * have refused, unless nothing but its place in a chain of proofs was wrong.
   */
  readonly parsed: ParsedStatement | undefined;
  /** The entry with its proof under the head that it was seen under. To be asked for while the watch looks at it. */
  evidence(): LoggedEvidence;
}

/** Sees every verified entry, in order, once (again after a crash before the commit): may raise alarms. */
export interface EntryWatch {
  entry(seen: SeenEntry): readonly Alarm[];
}
