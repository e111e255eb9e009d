/** Verdicts on what cannot be examined. */
import { printable } from '../../../bytes/printable.ts';
import type { Refusal } from '../../../bytes/refusal.ts';
import type { FileVerdict } from './protocol.ts';

export const NOTHING = { lines: [], checks: [], sections: [], rows: [], place: null } as const;

export function refused(name: string, refusal: Refusal): FileVerdict {
  return {
    ...NOTHING,
    name,
    what: 'nothing that can be verified',
    tone: 'bad',
    word: 'NOT VERIFIED',
    lines: [printable(refusal.message, 2_000)],
  };
}

export const UNTRUSTED = {
  tone: 'unsure',
  word: 'NOT CHECKED',
  lines: [
    'Nobody said whose keys to go by. Paste or drop your trust policy, or the verifier key of the log, from a place that the sender has no hand in.',
  ],
} as const;
