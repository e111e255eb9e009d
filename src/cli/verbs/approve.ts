/** `tallystick approve`: a second person approves a commitment or a withdrawal. */
import { approvableIn, approvableNamed, assertMayApprove } from '../../appraisal/approvable.ts';
import { formatHex } from '../../bytes/text.ts';
import { commitmentNamed } from '../../client/commitment-named.ts';
import { approvalAbout, logAbout } from '../../client/log-about.ts';
import { statusOf } from '../../client/statuses.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { asUsage } from '../../bytes/within.ts';
import { assertYes } from '../frame/ask.ts';
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
    'Shows the commitment or withdrawal that waits for approvals, who signed it, its claims, and how it differs from the ' +
    "commitment in force. Then it asks, and logs the approval of the entry shown, signed with the approver's key (--key, else " +
    'keys/approver.pem in the data directory). Scripts say --yes, best with an entry; without a terminal and --yes nothing is ' +
    "approved. Each key counts once, and the author's not at all. The log accepts approvals for the newest statement of a " +
    'subject only. With --leaves the contents are shown, too, checked against the root.',
  operands: [
    ['<subject|entry>', 'subject of the commitment, or its entry: index, id, or the beginning of the id'],
  ],
  settings: [...READER_SETTINGS, 'key'],
  options: [
    { flags: '--reason <text>', help: 'why, for people' },
    LEAVES_OPTION,
    { flags: '--yes', help: 'approve without being asked; given a subject, whatever waits for it' },
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: [
    'tallystick approve db/payments',
    "tallystick approve 1f0c7a52b3d1 --key ssh-agent: --reason 'as reviewed in CHG-1' --yes",
  ],
  /**
   * Shows what waits, asks, and approves it. Refuses `usage` if the answer is no, and without a terminal unless --yes was given,
   * naming the command that approves this entry. The entry shown is the entry signed, even if a newer one is logged meanwhile.
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
    const signer = await signerOf(context, 'approver');
    assertMayApprove(about, formatHex(keyThumbprint(signer.publicKey)));
    const given = about.approvals.length + 1;
    const reason = flags.text('reason');
    remarkPersons(context, reason);
    await assertYes(context, {
      yes: flags.on('yes'),
      question: `Approve this as approval ${given} of ${about.needed}?`,
      undone: 'nothing is approved',
      command: `tallystick approve ${about.entry.id} --yes`,
    });
    const said = await asUsage(() =>
      approvalAbout(status, about, { ...(reason !== undefined && { reason }) }),
    );
    const logged = await logAbout(client, look, said, signer);
    const { needed } = about;
    const told = [`approvals  ${given} of ${needed}${given >= needed ? ': it counts now' : ''}`];
    const fields = { approvals: given, needed, in_force: given >= needed };
    return tellLogged(output, 'approve', client, said, logged, told, fields);
  },
});
