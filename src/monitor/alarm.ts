/**
 * The types that the parts of a monitor share: alarms with their evidence, the sink that stores them, and the watches
 * that receive every verified entry.
 */
import type { EntryId } from '../bytes/brand.ts';
import type { Evidence, IncidentKind, LoggedEvidence } from '../incident/incident.ts';
import type { ParsedStatement } from '../statement/parse.ts';

/** Something that a log must never do, and did. `what`: one sentence for people. */
export interface Alarm {
  readonly evidence: Evidence;
  /** Identifies the alarm, so that the same one is stored once. */
  readonly about: string;
  readonly what: string;
  /** The key that caused it, for kinds of alarms that one key can cause any number of. */
  readonly source?: string;
}

/** Stores alarms. When `raise` resolves, the alarm is durable. */
export interface AlarmSink {
  raise(alarm: Alarm): Promise<void>;
  /** Whether an alarm is stored and open. If somebody closed it and the fault continues, it is raised again. */
  isOpen(kind: IncidentKind, about: string): boolean;
}

/** One entry under a verified head; entries come in log order. */
export interface SeenEntry {
  readonly index: number;
  readonly id: EntryId;
  readonly bytes: Uint8Array;
  /**
   * Undefined for an entry that is no statement, for all entries in a log of other software, and for an entry that the
   * log should have refused (unless only its place in a chain of proofs was wrong).
   */
  readonly parsed: ParsedStatement | undefined;
  /** The entry with its proof under the present head. May be called only while the watch handles the entry. */
  evidence(): LoggedEvidence;
}

/** Receives every verified entry once, in order (again after a crash before the commit), and may raise alarms. */
export interface EntryWatch {
  entry(seen: SeenEntry): readonly Alarm[];
}
