/** `tallystick approve`: a second person's yes to a commitment. */
import { approvableIn, approvableNamed, assertMayApprove } from '../../appraisal/approvable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { commitmentNamed } from '../../client/commitment-named.ts';
import { approvalAbout, logAbout } from '../../client/log-about.ts';
import { statusOf } from '../../client/statuses.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { asUsage } from '../../bytes/within.ts';
import { LEAVES_OPTION, ownLeaves, readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { signerOf } from '../frame/signer.ts';
import { defineVerb } from '../frame/verb.ts';
import { approvableLines } from '../views/approve.ts';
import { tellLogged } from '../views/logged.ts';

export const approveVerb = defineVerb({
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
  options: [
    { flags: '--reason <text>', help: 'why, for people' },
    LEAVES_OPTION,
    { flags: '--yes', help: 'approve what waits of a subject, whatever it is: nobody has looked at it' },
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: [
    'tallystick approve db/payments',
    "tallystick approve 1f0c7a52b3d1 --key ssh-agent: --reason 'as reviewed in CHG-1'",
  ],
  /**
   * Approves the entry that is named: its index, its id or how that begins. A subject is a question: what waits for approvals
   * is shown, with the command that approves exactly that; --yes approves it as well. What is shown and what is signed is one
   * entry, and the log takes an approval of the newest statement of a subject alone.
   */
  run: async (context, [named = ''], flags) => {
    const { output } = context;
    const client = await readingOf(context, flags);
    const look = await client.snapshot();
    const entry = await commitmentNamed(look, named);
    const status = await statusOf(look, entry?.subject ?? named);
    const about = entry === undefined ? approvableIn(status) : approvableNamed(status, entry);
    const own = await ownLeaves(context, status.subject, flags);
    output.print(approvableLines(output, look, status, about, own).join('\n'));
    if (entry === undefined && !flags.on('yes'))
      throw refuse(
        'usage',
        `nothing is approved yet: this is what waits; to approve exactly this say tallystick approve ${about.entry.id}, or ` +
          'say --yes to approve what is newest, unseen',
      );
    const signer = await signerOf(context, 'approver');
    assertMayApprove(about, formatHex(keyThumbprint(signer.publicKey)));
    const reason = flags.text('reason');
    const said = await asUsage(() =>
      approvalAbout(status, about, { ...(reason !== undefined && { reason }) }),
    );
    const logged = await logAbout(client, look, said, signer);
    const { needed } = about;
    const given = about.approvals.length + 1;
    const told = [`approvals  ${given} of ${needed}${given >= needed ? ': it counts now' : ''}`];
    const fields = { approvals: given, needed, in_force: given >= needed };
    return tellLogged(output, 'approve', client, said, logged, told, fields);
  },
});
