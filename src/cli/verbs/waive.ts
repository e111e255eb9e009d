/** `tallystick waive`: somebody answers for claims not being proven. */
import { refuse } from '../../bytes/refusal.ts';
import { formatTime } from '../../bytes/time.ts';
import { logAbout, waiverAbout } from '../../client/log-about.ts';
import { statusOf } from '../../client/statuses.ts';
import { parseDate } from '../../registration/time.ts';
import { durationOf, MOST_SECONDS } from '../frame/flagtext.ts';
import { asUsage } from '../../bytes/within.ts';
import { readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { signerOf } from '../frame/signer.ts';
import { defineVerb } from '../frame/verb.ts';
import { tellLogged } from '../views/logged.ts';
import { line } from '../views/words.ts';

export const waiveVerb = defineVerb({
  name: 'waive',
  summary: 'answer for claims that are not proven, until a date',
  details:
    'The verdict is WAIVED until then, which is no pass: whoever looks sees who, why and until when. Signed in the role ' +
    "approver (--key, else keys/approver.pem in the data directory), never by the commitment's author. A later waiver " +
    'replaces an earlier one; --until now ends it.',
  operands: [
    ['<subject>', 'what was committed to'],
    ['<claims...>', 'ids of its claims'],
  ],
  settings: [...READER_SETTINGS, 'key'],
  options: [
    { flags: '--owner <name>', help: 'who answers for it' },
    { flags: '--reason <text>', help: 'why' },
    { flags: '--until <date>', help: 'such as 2027-01-31 (UTC), 7d, or now; a year at most' },
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: [
    "tallystick waive db/payments tls12-refused --owner Alice --reason 'the old terminal' --until 7d",
    "tallystick waive db/payments tls12-refused --owner Alice --reason 'terminal replaced' --until now",
  ],
  run: async (context, [subject = '', ...named], flags) => {
    const { output } = context;
    const [owner, reason, until] = [flags.text('owner'), flags.text('reason'), flags.text('until')];
    if (owner === undefined || reason === undefined || until === undefined)
      throw refuse(
        'usage',
        'a waiver needs --owner, --reason and --until: somebody answers for it, and it ends',
      );
    const client = await readingOf(context, flags);
    const look = await client.snapshot();
    const status = await statusOf(look, subject);
    const claims = [...new Set(named)];
    const notAfter = untilOf(until, look.now);
    const said = await asUsage(() => waiverAbout(status, { claims, owner, reason, notAfter }));
    const logged = await logAbout(client, look, said, await signerOf(context, 'approver'));
    const ends = notAfter <= look.now ? 'from now on they count again' : `until ${formatTime(notAfter)}`;
    const told = [`claims     ${claims.join(', ')}`, `waived     by ${line(owner)}, ${ends}`];
    return tellLogged(output, 'waive', client, said, logged, told, { claims, owner, until: notAfter });
  },
});

/** A date, a time from now, or `now`, which ends a waiver. */
function untilOf(text: string, now: number): number {
  if (text === 'now') return now;
  if (!text.includes('-')) return now + durationOf(text, '--until');
  const shown = line(text, 40);
  let end: number;
  try {
    end = parseDate(text, '--until');
  } catch (cause) {
    throw refuse('usage', `--until takes a date in UTC, a time such as 7d, or now; got ${shown}`, { cause });
  }
  // A mistyped year would end the waiver there is, and nobody asked for that.
  if (end <= now) throw refuse('usage', `--until ${shown} has passed; to end a waiver say --until now`);
  if (end > now + MOST_SECONDS)
    throw refuse('usage', `--until ${shown} is too far: a year at most, and then waive again`);
  return end;
}
