/** `tallystick withdraw`: takes a commitment back. */
import { currentOf } from '../../../appraisal/versions.ts';
import { encodeCommitment } from '../../../statement/payload.ts';
import type { Context } from '../../frame/context.ts';
import type { Flags } from '../../frame/verb.ts';
import { readingOf } from './asked.ts';
import { idBytes, logAbout, signerOf } from './log-about.ts';
import { appraise } from './appraised.ts';
import { lackText } from '../../views/show.ts';
import { line } from '../../views/words.ts';

export async function withdraw(
  context: Context,
  [subject = '']: readonly string[],
  flags: Flags<'full', 'ticket' | 'reason', 'monitor'>,
): Promise<number> {
  const client = await readingOf(context, flags);
  const look = await client.snapshot();
  const seen = await appraise(look, subject);
  const about = currentOf(seen);
  const { inForce, newest, pending, withdrawing } = seen.history;
  const signer = await signerOf(context, 'author');
  const change = {
    ...(flags.text('ticket') !== undefined && { ticket: flags.text('ticket') ?? '' }),
    ...(flags.text('reason') !== undefined && { reason: flags.text('reason') ?? '' }),
  };
  const payload = () =>
    encodeCommitment({
      withdraws: idBytes(about),
      supersedes: idBytes({ entry: newest ?? about.entry }),
      ...(Object.keys(change).length > 0 && { change }),
    });
  const needed = about === inForce ? (about.declaration.approvals ?? 0) : 0;
  const waits = pending === about ? withdrawing : (pending ?? withdrawing);
  const over = waits && `entry ${waits.entry.index}, which ${lackText(waits)}, gets none any more`;
  return logAbout(context, 'withdraw', client, look, {
    kind: 'commitment',
    subject,
    about,
    newest,
    said: seen.entries,
    payload,
    signer,
    told: [
      needed === 0
        ? 'nothing is declared about it any more, and nothing is to be proven'
        : `it stays in force until this has ${needed} approvals by other keys: tallystick approve ${line(subject)}`,
      ...(over === undefined ? [] : [over]),
    ],
    fields: { needed, in_force: needed > 0 },
  });
}
