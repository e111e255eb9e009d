/** What every benchmark prints: the machine, and rows of ratios. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** One measured thing beside what it is compared with. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** The goal or the alternative of the same run, and how this compares. */
  readonly against: string;
}

/** The machine in one line: figures mean nothing without it. */
export function machine(): string {
  const cores = cpus();
  return `${cores[0]?.model ?? 'unknown CPU'}, ${cores.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}

export function printRows(title: string, rows: readonly Row[]): void {
  const widths = (['what', 'value'] as const).map((key) => Math.max(...rows.map((row) => row[key].length)));
  console.log(`\n${title}`);
  for (const row of rows)
    console.log(
      `  ${row.what.padEnd(widths[0] ?? 0)}  ${row.value.padStart(widths[1] ?? 0)}  ${row.against}`,
    );
}

/** Middle value; of an even count, the lower one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** A figure against its goal: at least, or at most. */
export function goal(value: number, sign: '≥' | '≤', bound: number, unit = ''): string {
  const met = sign === '≥' ? value >= bound : value <= bound;
  return `goal ${sign} ${bound.toLocaleString('en')}${unit}: ${met ? 'met' : 'NOT met'}`;
}

/** Clock ticks of /proc/<pid>/stat in a second. */
const TICKS = 100;

/** Processor seconds a process has used, all threads, and those of its children that have ended (Linux). */
export function processCpu(pid: number): { readonly own: number; readonly reaped: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const seconds = (user: number): number => (Number(fields[user]) + Number(fields[user + 1])) / TICKS;
  return { own: seconds(11), reaped: seconds(13) };
}
