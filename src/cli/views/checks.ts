/** Checks as lines. */
import type { Check } from '../../bytes/checklist.ts';
import { printable } from '../../bytes/printable.ts';
import type { JsonValue, Output } from '../frame/output.ts';

const SIGNS = { ok: ['green', '✓'], failed: ['red', '✗'], skipped: ['yellow', '–'] } as const;

/** `✓ signature   by …`. `width`: of the column of names. */
export function checkLine(output: Output, { name, outcome, detail }: Check, width: number): string {
  const [style, sign] = SIGNS[outcome];
  return `  ${output.paint(style, sign)} ${printable(name, 1000).padEnd(width)} ${printable(detail, 1500)}`;
}

export function checkJson({ name, outcome, detail, refusal }: Check): JsonValue {
  return { name, outcome, detail, code: refusal?.code ?? null };
}
