/** `tallystick approve`: a second person approves a commitment or a withdrawal. */
import { approvableIn, approvableNamed, assertMayApprove } from '../../appraisal/approvable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { commitmentNamed } from '../../client/commitment-named.ts';
import { approvalAbout, logAbout } from '../../client/log-about.ts';
import { statusOf } from '../../client/statuses.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { asUsage } from '../../bytes/within.ts';
import { LEAVES_OPTION, ownLeaves, readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { remarkPersons } from '../frame/persons.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { signerOf } from '../frame/signer.ts';
import { defineVerb } from '../frame/verb.ts';
import { approvableLines } from '../views/approve.ts';
import { tellLogged } from '../views/logged.ts';

export const approveVerb = defineVerb({
  name: 'approve',
  summary: "approve somebody else's commitment or withdrawal",
  details:
    'Given a subject, shows the commitment or withdrawal that waits for approvals, how it differs from the commitment in ' +
    'force, and the command that approves this entry. Given an entry, shows it and logs the approval, signed with the ' +
    "approver's key (--key, else keys/approver.pem in the data directory). Each key counts once, and the author's not at " +
    'all. The log accepts approvals for the newest statement of a subject only. With --leaves the contents are shown, ' +
    'too, checked against the root.',
  operands: [
    ['<subject|entry>', 'subject of the commitment, or its entry: index, id, or the beginning of the id'],
  ],
  settings: [...READER_SETTINGS, 'key'],
  options: [
    { flags: '--reason <text>', help: 'why, for people' },
    LEAVES_OPTION,
    { flags: '--yes', help: 'approve whatever waits for the subject, without having seen it first' },
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: [
    'tallystick approve db/payments',
    "tallystick approve 1f0c7a52b3d1 --key ssh-agent: --reason 'as reviewed in CHG-1'",
  ],
  /**
   * Approves the named entry. Given a subject, it shows what waits and approves it only with --yes; otherwise it refuses
   * `usage`, naming the command that approves this entry. The entry shown is the entry signed, even if a newer one is
   * logged meanwhile.
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
        `nothing is approved yet; to approve the entry shown: tallystick approve ${about.entry.id}; or pass --yes to ` +
          'approve the newest one without seeing it',
      );
    const signer = await signerOf(context, 'approver');
    assertMayApprove(about, formatHex(keyThumbprint(signer.publicKey)));
    const reason = flags.text('reason');
    remarkPersons(context, reason);
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
