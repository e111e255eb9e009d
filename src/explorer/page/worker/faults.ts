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

/** Codes of what the reader typed or dropped. */
const OWN: ReadonlySet<Fault['code']> = new Set([
  'usage',
  'bad-locator',
  'malformed-key',
  'malformed-trust-policy',
  'malformed-text',
]);

/** Whom a fault blames. `own`: nobody, the reader typed it. `lie`: what was served or logged does not hold. */
export type Blame = 'own' | 'away' | 'absent' | 'quorum' | 'memory' | 'stopped' | 'bug' | 'lie';

export function blameOf({ code, nature }: Fault): Blame {
  if (OWN.has(code)) return 'own';
  if (code === 'config-invalid') return 'memory';
  // Asking again may help, and somebody did answer: with a head that too few witnesses signed.
  if (code === 'quorum-unmet') return 'quorum';
  const others = ['away', 'absent', 'stopped', 'bug'] as const;
  return others.find((each) => each === nature) ?? 'lie';
}
