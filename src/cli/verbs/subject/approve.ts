/** `tallystick approve`: shows what is to be approved, and says yes to exactly that. */
import { refuse } from '../../../bytes/refusal.ts';
import { approvableIn, approvableNamed, assertMayApprove } from '../../../appraisal/approvable.ts';
import type { Committed } from '../../../appraisal/history.ts';
import { formatHex } from '../../../bytes/text.ts';
import { formatTime } from '../../../bytes/time.ts';
import { commitmentNamed } from '../../../client/commitment-named.ts';
import { keyThumbprint } from '../../../cose/key.ts';
import { encodeApproval } from '../../../statement/payload.ts';
import type { Context } from '../../frame/context.ts';
import type { Output } from '../../frame/output.ts';
import type { Flags } from '../../frame/verb.ts';
import { ownLeaves, readingOf } from './asked.ts';
import { factLines, leafLines } from '../../views/difference.ts';
import type { ShownLeaves } from '../../../declare/node/openedleaves.ts';
import { idBytes, logAbout, signerOf } from './log-about.ts';
import { appraise, type Appraised } from './appraised.ts';
import { line } from '../../views/words.ts';

/**
 * Approves the entry that is named: its index, its id or how that begins. A subject is a question: what waits for approvals
 * is shown, with the command that approves exactly that; --yes approves it as well. What is shown and what is signed is one
 * entry, and the log takes an approval of the newest statement of a subject alone.
 */
export async function approve(
  context: Context,
  [named = '']: readonly string[],
  flags: Flags<'full' | 'yes', 'reason', 'monitor' | 'leaves'>,
): Promise<number> {
  const { output } = context;
  const client = await readingOf(context, flags);
  const look = await client.snapshot();
  const entry = await commitmentNamed(look, named);
  const subject = entry?.subject ?? named;
  const seen = await appraise(look, subject);
  const about = entry === undefined ? approvableIn(seen) : approvableNamed(seen, entry);
  const own = await ownLeaves(context, subject, flags.texts('leaves'));
  output.print(shownBefore(output, seen, about, own).join('\n'));
  if (entry === undefined && !flags.on('yes'))
    throw refuse(
      'usage',
      `nothing is approved yet: this is what waits; to approve exactly this say tallystick approve ${about.entry.id}, or ` +
        'say --yes to approve what is newest, unseen',
    );
  const signer = await signerOf(context, 'approver');
  assertMayApprove(about, formatHex(keyThumbprint(signer.publicKey)));
  const reason = flags.text('reason');
  const { needed } = about;
  const given = about.approvals.length + 1;
  return logAbout(context, 'approve', client, look, {
    kind: 'approval',
    subject,
    about,
    said: seen.entries,
    payload: () => encodeApproval({ commitment: idBytes(about), ...(reason !== undefined && { reason }) }),
    signer,
    told: [`approvals  ${given} of ${needed}${given >= needed ? ': it counts now' : ''}`],
    fields: { approvals: given, needed, in_force: given >= needed },
  });
}

/** What is about to be approved, beside what is in force. */
function shownBefore(
  output: Output,
  { look, subject, history }: Appraised,
  about: Committed,
  own: readonly ShownLeaves[],
): readonly string[] {
  const { entry, approvals, needed } = about;
  const by = line(look.policies.nameOf(entry.parsed.kid, entry.index));
  const before = history.inForce;
  const isNew = before?.entry.id !== entry.id;
  const head = [
    `${output.paint('bold', line(subject))}  entry ${entry.index}, ${entry.id}`,
    `declared   by ${by}, ${formatTime(entry.time)}; ${approvals.length} of ${needed} approvals`,
  ];
  if ('withdraws' in about) {
    const taken = history.declared.find((each) => each.entry.id === about.withdraws);
    const claims = taken?.declaration.claims.map(({ id }) => line(id, 64)) ?? [];
    return [
      ...head,
      `withdraws  entry ${taken?.entry.index ?? 'unknown'}, ${String(about.withdraws)}`,
      ...claims.map((each) => output.paint('red', `- claim ${each}`)),
    ];
  }
  const declared = history.declared.find((each) => each.entry.id === entry.id);
  if (declared === undefined) return head;
  const known = before !== undefined && isNew ? before.declaration : undefined;
  return [
    ...head,
    known === undefined ? 'declares' : `instead of entry ${before?.entry.index}, which is in force`,
    ...factLines(output, known, declared.declaration),
    ...leafLines(output, known, declared.declaration, own),
  ];
}
