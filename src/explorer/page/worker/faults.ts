/** Refusals, checks and bugs as plain data. */
import type { Check } from '../../../bytes/checklist.ts';
import { natureOf } from '../../../bytes/nature.ts';
import { Refusal } from '../../../bytes/refusal.ts';
import type { CheckShown, Fault } from './protocol.ts';

/** The page said that no more is wanted. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

export function faultOf(error: unknown): Fault {
  if (error instanceof Refusal)
    return { code: error.code, nature: natureOf(error.code), text: error.message };
  if (error instanceof Stopped) return { code: 'stopped', nature: 'stopped', text: 'stopped' };
  return { code: 'bug', nature: 'bug', text: error instanceof Error ? error.message : String(error) };
}

export function checkShown({ name, outcome, detail, refusal }: Check): CheckShown {
  return { name, outcome, detail, code: refusal?.code ?? null };
}
