/** `tallystick waive`: logs who takes responsibility for claims that are not proven, and until when. */
import { refuse } from '../../bytes/refusal.ts';
import { formatTime } from '../../bytes/time.ts';
import { logAbout, waiverAbout } from '../../client/log-about.ts';
import { statusOf } from '../../client/statuses.ts';
import { parseDate } from '../../registration/time.ts';
import { durationOf, MOST_SECONDS } from '../frame/flagtext.ts';
import { asUsage } from '../../bytes/within.ts';
import { readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { remarkPersons } from '../frame/persons.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { signerOf } from '../frame/signer.ts';
import { defineVerb } from '../frame/verb.ts';
import { tellLogged } from '../views/logged.ts';
import { line } from '../../words/plain.ts';

export const waiveVerb = defineVerb({
  name: 'waive',
  summary: 'take responsibility for claims that are not proven, until a date',
  details:
    'Until then the verdict is WAIVED, and every reader sees who is responsible, why and until when. Signed with the ' +
    "approver's key (--key, else keys/approver.pem in the data directory), which must not be the commitment author's. A " +
    'later waiver replaces an earlier one; --until now ends it.',
  operands: [
    ['<subject>', 'subject of the commitment'],
    ['<claims...>', 'ids of its claims'],
  ],
  settings: [...READER_SETTINGS, 'key'],
  options: [
    { flags: '--owner <name>', help: 'who is responsible' },
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
        'a waiver needs --owner, --reason and --until: who is responsible, why, and when it ends',
      );
    remarkPersons(context, owner, reason);
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

/** The POSIX second of a date, of a time from now, or of `now`, which ends a waiver. Refuses `usage`. */
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
  // A mistyped year would end the waiver by accident.
  if (end <= now) throw refuse('usage', `--until ${shown} has passed; to end a waiver pass --until now`);
  if (end > now + MOST_SECONDS)
    throw refuse('usage', `--until ${shown} is too far: a year at most, and then waive again`);
  return end;
}
