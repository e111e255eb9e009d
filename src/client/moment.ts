/**
 * A moment of the past that a reader asks about (`--at`): a size of the log, or a time (spec/audit.md, "At a time").
 *
 *     812, size:812             the first 812 entries
 *     2026-01-05                the end of that day in UTC, 23:59:59
 *     2026-01-05T12:00Z         that second; seconds may be left out
 *     2026-01-05T13:00:00+01:00 the same second
 *
 * A text that could be a size or a time is refused. Pure.
 */
import type { Bounds } from '../appraisal/past/types.ts';
import type { Digest } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { parseTime } from '../bytes/time.ts';

/** A moment of a log: its first `size` entries, and the time at which a reader had exactly these. */
export interface Moment {
  readonly size: number;
  /** Of the tree of these entries, computed under the newest checkpoint. */
  readonly root: Digest;
  /** POSIX seconds. */
  readonly time: number;
  /** What the size at this time rests on; `head`: the last entry was logged not after the newest head, and no more is known. */
  readonly rests: 'log' | 'witnessed' | 'head';
  /** When the last entry was logged, as witnessed heads show. */
  readonly logged: Bounds;
  /** Entries that a quorum of the reader's witnesses had cosigned by then; undefined where no head says so. */
  readonly witnessed: number | undefined;
  /** Whether the log's word lies outside what its witnesses show. */
  readonly contradicted: boolean;
}

/** The moment that a reader asks for. `time`: POSIX seconds. */
export type Asked =
  { readonly kind: 'size'; readonly size: number } | { readonly kind: 'time'; readonly time: number };

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(Z|[+-]\d{2}:\d{2})$/;
/** Numbers of these shapes may be meant as a year, a day or POSIX time, and as a size. */
const LOOKS_LIKE_TIME =
  /^(?:(?:19|20)\d\d|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|1\d{9}|1\d{12})$/;

/** Reads a moment. `flag`: what names it, for messages. Refuses `usage`. */
export function parseMoment(text: string, flag: string): Asked {
  const [, size] = /^(?:size:)?(0|[1-9]\d{0,15})$/.exec(text) ?? [];
  if (size !== undefined) {
    if (text === size && LOOKS_LIKE_TIME.test(text))
      throw refuse(
        'usage',
        `${flag} ${text} may mean a time or a number of entries: write size:${text}, or a time such as 2026-01-05 or 2026-01-05T12:00Z`,
      );
    if (size === '0')
      throw refuse('usage', `before entry 0 there was no log: ${flag} takes a size of 1 or more`);
    return { kind: 'size', size: Number(size) };
  }
  return { kind: 'time', time: timeIn(text, flag, 'end', ', or a number of entries') };
}

/** Reads a time. A day stands for its first second, or its last one. Refuses `usage`. POSIX seconds. */
export function parseMomentTime(text: string, flag: string, day: 'start' | 'end'): number {
  return timeIn(text, flag, day, '');
}

/** `more`: what else the flag takes. */
function timeIn(text: string, flag: string, day: 'start' | 'end', more: string): number {
  if (DAY.test(text)) {
    const time = parseTime(`${text}T${day === 'end' ? '23:59:59' : '00:00:00'}Z`);
    if (time === undefined) throw noTime(text, flag, more);
    return time;
  }
  const [, minute, seconds = ':00', zone = ''] = TIME.exec(text) ?? [];
  if (minute === undefined) {
    if (/^\d{4}-\d{2}-\d{2}T[\d:.]+$/.test(text))
      throw refuse(
        'usage',
        `${flag} ${text} does not say in which time zone: add Z for UTC, or an offset such as +01:00`,
      );
    throw noTime(text, flag, more);
  }
  const local = parseTime(`${minute}${seconds}Z`);
  const offset = offsetOf(zone);
  if (local === undefined || offset === undefined) throw noTime(text, flag, more);
  return local - offset;
}

/** Seconds that a zone is ahead of UTC; undefined for an offset that no zone has. */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3_600 + minutes * 60);
}

function noTime(text: string, flag: string, more: string): Refusal {
  return refuse(
    'usage',
    `${flag} takes a day such as 2026-01-05${more === '' ? ' or' : ','} a time such as 2026-01-05T12:00Z${more}; got ${printable(text, 60)}`,
  );
}
