/** `tallystick policy revoke`: revokes a key. */
import { printable } from '../../../bytes/printable.ts';
import { parseDecimal } from '../../../bytes/text.ts';
import { revoke } from '../../../registration/edits.ts';
import { readFlag } from '../../frame/flagtext.ts';
import { defineVerb } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

export const revokeVerb = defineVerb({
  name: 'revoke',
  summary: 'revoke a key from an entry on',
  details: `${CHANGES} The key can never be enrolled again. To retire a key whose statements still count, delete it with \`policy set\`.`,
  operands: [['<key>', 'thumbprint (kid, 64 hex digits), or the name it is enrolled under']],
  settings: WRITES,
  options: [
    { flags: '--since <index>', help: 'first entry of the key that does not count (default: the next one)' },
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
