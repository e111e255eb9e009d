/** A period of time on a line: where a moment lies, and where to write which time. Pure; times are POSIX seconds, UTC. */
import type { Period } from '../worker/protocol.ts';

export interface Scale {
  readonly period: Period;
  /** Pixels. */
  readonly width: number;
  readonly x: (time: number) => number;
}

/** Pixels at each end, so that a mark there is seen whole. */
const MARGIN = 10;

export function scaleOf(period: Period, width: number): Scale {
  const { since, until } = period;
  const perSecond = (width - 2 * MARGIN) / Math.max(1, until - since);
  const x = (time: number): number => MARGIN + (Math.min(Math.max(time, since), until) - since) * perSecond;
  return { period, width, x };
}

export interface Tick {
  readonly x: number;
  readonly text: string;
}

const HOUR = 3_600;
const DAY = 86_400;
/** Seconds between two ticks, finest first. Months are ticked by the calendar. */
const STEPS = [60, 300, 900, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY] as const;
/** Pixels that a label needs. */
const LABEL = 64;

/** Round times in the period, as many as there is room for. */
export function ticksOf({ period: { since, until }, width, x }: Scale): readonly Tick[] {
  const most = Math.max(2, Math.floor(width / LABEL));
  const step = STEPS.find((each) => (until - since) / each <= most);
  if (step === undefined) return months(since, until, most, x);
  const ticks: Tick[] = [];
  for (let at = Math.ceil(since / step) * step; at < until; at += step)
    ticks.push({ x: x(at), text: step < DAY && at % DAY !== 0 ? hourText(at) : dayText(at) });
  return ticks;
}

function months(since: number, until: number, most: number, x: Scale['x']): readonly Tick[] {
  const every = Math.max(1, Math.ceil((until - since) / (30 * DAY) / most));
  const begin = new Date(since * 1000);
  const ticks: Tick[] = [];
  for (let month = 1; ; month += every) {
    const at = Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + month, 1) / 1000;
    if (at >= until) return ticks;
    ticks.push({ x: x(at), text: new Date(at * 1000).toISOString().slice(0, 7) });
  }
}

/** `14:00`. */
function hourText(time: number): string {
  return new Date(time * 1000).toISOString().slice(11, 16);
}

/** `Jan 5`. */
function dayText(time: number): string {
  return new Date(time * 1000).toLocaleDateString('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
}
