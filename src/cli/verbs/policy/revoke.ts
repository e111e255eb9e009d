/** `tallystick policy revoke`: takes a key out. */
import { printable } from '../../../bytes/printable.ts';
import { parseDecimal } from '../../../bytes/text.ts';
import { revoke } from '../../../registration/edits.ts';
import { readFlag } from '../../frame/flagtext.ts';
import { defineVerb } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

export const revokeVerb = defineVerb({
  name: 'revoke',
  summary: 'take a key out, and say from which entry on it is not to be believed',
  details: `${CHANGES} The key can never come back. To let a key go whose statements stay believed, delete it with \`policy set\`.`,
  operands: [['<key>', 'thumbprint (kid, 64 hex digits), or the name it is enrolled under']],
  settings: WRITES,
  options: [
    { flags: '--since <index>', help: 'first entry not to be believed (default: the next one)' },
    { flags: '--reason <text>', help: 'why, for people' },
    DRY_RUN,
  ],
  json: true,
  examples: ["tallystick policy revoke 'payments CI' --since 1234 --reason 'laptop stolen'"],
  run: async (context, [who = ''], flags) => {
    const since = readFlag(flags.text('since'), '--since', parseDecimal);
    const wanted = { who, since, reason: flags.text('reason') };
    return change(context, {
      name: 'revoke',
      dryRun: flags.on('dryRun'),
      edit: (document, { view }) => revoke(document, wanted, view.head.size),
      already: `${printable(who)} is revoked already`,
    });
  },
});
