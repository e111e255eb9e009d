/** `tallystick waive`: lets claims count as waived for a time, with somebody who answers for it. */
import { currentOf } from '../../../appraisal/versions.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { formatTime } from '../../../bytes/time.ts';
import { parseDate } from '../../../registration/time.ts';
import { encodeWaiver } from '../../../statement/payload.ts';
import type { Context } from '../../frame/context.ts';
import type { Flags } from '../../frame/verb.ts';
import { durationOf, MOST_SECONDS, readingOf } from './asked.ts';
import { idBytes, logAbout, signerOf } from './log-about.ts';
import { appraise } from './appraised.ts';
import { line } from '../../views/words.ts';

export async function waive(
  context: Context,
  [subject = '', ...claims]: readonly string[],
  flags: Flags<'full', 'owner' | 'reason' | 'until', 'monitor'>,
): Promise<number> {
  const [owner, reason, until] = [flags.text('owner'), flags.text('reason'), flags.text('until')];
  if (owner === undefined || reason === undefined || until === undefined)
    throw refuse(
      'usage',
      'a waiver needs --owner, --reason and --until: somebody answers for it, and it ends',
    );
  const client = await readingOf(context, flags);
  const look = await client.snapshot();
  const seen = await appraise(look, subject);
  const about = currentOf(seen);
  const known = about.declaration.claims.map(({ id }) => id);
  const strange = claims.find((each) => !known.includes(each));
  if (strange !== undefined)
    throw refuse(
      'not-found',
      `${line(subject)} has no claim ${line(strange)}; it has: ${known.join(', ') || 'none'}`,
    );
  const notAfter = untilOf(until, look.now);
  const payload = () =>
    encodeWaiver({
      commitment: idBytes(about),
      claims: [...new Set(claims)],
      owner,
      reason,
      notAfter,
    });
  const ends = notAfter <= look.now ? 'from now on they count again' : `until ${formatTime(notAfter)}`;
  return logAbout(context, 'waive', client, look, {
    kind: 'waiver',
    subject,
    about,
    said: seen.entries,
    payload,
    signer: await signerOf(context, 'approver'),
    told: [`claims     ${[...new Set(claims)].join(', ')}`, `waived     by ${line(owner)}, ${ends}`],
    fields: { claims: [...new Set(claims)], owner, until: notAfter },
  });
}

/** A date, a time from now, or `now`, which ends a waiver. */
function untilOf(text: string, now: number): number {
  if (text === 'now') return now;
  if (!text.includes('-')) return now + durationOf(text, '--until');
  let end: number;
  try {
    end = parseDate(text, '--until');
  } catch (cause) {
    throw refuse('usage', `--until takes a date in UTC, a time such as 7d, or now; got ${line(text, 40)}`, {
      cause,
    });
  }
  // A mistyped year would end the waiver there is, and nobody asked for that.
  if (end <= now)
    throw refuse('usage', `--until ${line(text, 40)} has passed; to end a waiver say --until now`);
  if (end > now + MOST_SECONDS)
    throw refuse('usage', `--until ${line(text, 40)} is too far: a year at most, and then waive again`);
  return end;
}
