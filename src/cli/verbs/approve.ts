/** `tallystick approve`: a second person's yes to a commitment. */
import { SEE_OPTIONS, SEE_SETTINGS } from '../see/asked.ts';
import type { Verb } from '../verb.ts';

export const approveVerb: Verb = {
  name: 'approve',
  summary: "say yes to somebody else's commitment",
  details:
    'Logs an approval of the commitment about a subject that still lacks some, signed in the role approver (--key, else ' +
    "keys/approver.pem in the data directory). One key counts once, the author's never. Look at what you approve first: " +
    'tallystick registry diff.',
  operands: [
    [
      '<subject|entry>',
      'what was committed to, or the entry of one commitment: index, or id or how it begins',
    ],
  ],
  settings: [...SEE_SETTINGS, 'key'],
  options: [{ flags: '--reason <text>', help: 'why, for people' }, ...SEE_OPTIONS],
  json: true,
  examples: [
    'tallystick approve db/payments --key ssh-agent:',
    "tallystick approve db/payments --reason 'as reviewed in CHG-1'",
  ],
  run: async (context, operands, flags) =>
    (await import('../see/approve.ts')).approve(context, operands, flags),
};
