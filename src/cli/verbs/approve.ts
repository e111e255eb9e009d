/** `tallystick approve`: a second person's yes to a commitment. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  { flags: '--reason <text>', help: 'why, for people' },
  {
    flags: '--leaves <file>',
    help: "a leaves.json or opening.json of its owner's, beside those in the proof directory; repeat for several",
    many: true,
  },
  { flags: '--yes', help: 'approve what waits of a subject, whatever it is: nobody has looked at it' },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export const approveVerb: Verb<typeof OPTIONS> = {
  name: 'approve',
  summary: "say yes to somebody else's commitment",
  details:
    'Of a subject: shows what waits for approvals, a commitment or a withdrawal, beside what is in force, and the command ' +
    'that approves exactly that. Of an entry: shows it, and logs the approval, signed in the role approver (--key, else ' +
    "keys/approver.pem in the data directory). One key counts once, the author's never. Approvals are taken of the newest " +
    'statement of a subject alone. With --leaves the contents are shown too, checked against the root.',
  operands: [
    [
      '<subject|entry>',
      'what was committed to, or the entry of one commitment: index, or id or how it begins',
    ],
  ],
  settings: [...READER_SETTINGS, 'key'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick approve db/payments',
    "tallystick approve 1f0c7a52b3d1 --key ssh-agent: --reason 'as reviewed in CHG-1'",
  ],
  run: async (context, operands, flags) =>
    (await import('./subject/approve.ts')).approve(context, operands, flags),
};
