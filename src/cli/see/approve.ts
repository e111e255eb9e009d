/** `tallystick approve`, `withdraw`, `waive`: what people say of a commitment. */
import { refuse } from '../../bytes/refusal.ts';
import type { Declared } from '../../appraisal/history.ts';
import { formatHex } from '../../bytes/text.ts';
import type { Listed } from '../../client/search.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { encodeApproval, encodeCommitment, encodeWaiver } from '../../statement/payload.ts';
import type { Context } from '../context.ts';
import { parseTime } from '../policy/time.ts';
import type { Flags } from '../verb.ts';
import { durationOf, MOST_SECONDS, readingOf } from './asked.ts';
import { idBytes, say, signerOf } from './say.ts';
import { commitmentOf, isNamed, see, type Seen } from './seen.ts';
import { line, timeOf } from './words.ts';

/** The newest commitment that lacks approvals, or the one of this entry: its index, its id or how that begins. */
export async function approve(
  context: Context,
  [named = '']: readonly string[],
  flags: Flags,
): Promise<number> {
  const reading = await readingOf(context, flags);
  const look = await reading.look();
  const entry = await entryNamed(look, named);
  const subject = entry?.subject ?? named;
  const seen = await see(look, subject);
  const about =
    entry === undefined
      ? (seen.history.pending ?? seen.history.inForce)
      : seen.history.declared.find((each) => each.entry.id === entry.id);
  if (about === undefined)
    throw refuse('not-found', `there is no commitment about ${line(subject)} to approve`);
  if (entry === undefined && about.effective !== undefined)
    throw refuse(
      'usage',
      `the commitment about ${line(subject)} has all the approvals it asks for; to approve it all the same, give its entry id, ${about.entry.id}`,
    );
  const signer = await signerOf(context, 'approver');
  assertNotYet(about, formatHex(keyThumbprint(signer.publicKey)));
  const reason = flags.text('reason');
  const needed = about.declaration.approvals ?? 0;
  const given = about.approvals.length + 1;
  const { environment, claims, tree } = about.declaration;
  const by = line(look.policies.nameOf(about.entry.parsed.kid, about.entry.index));
  return say(context, 'approve', reading, look, {
    kind: 'approval',
    subject,
    about,
    said: seen.entries,
    payload: () => encodeApproval({ commitment: idBytes(about), ...(reason !== undefined && { reason }) }),
    signer,
    told: [
      `declared   by ${by}: ${tree.leaves} leaves, ${claims.length} claims, ${environment}`,
      `approvals  ${given} of ${needed}${given >= needed ? ': it counts now' : ''}`,
    ],
    fields: { approvals: given, needed, in_force: given >= needed },
  });
}

/** The log takes a second approval by the same key, and it counts nothing. */
function assertNotYet({ entry, approvals }: Declared, kid: string): void {
  if (entry.parsed.kid === kid)
    throw refuse('own-commitment', 'the author of a commitment cannot approve it; let another key do that');
  const already = approvals.find(({ parsed }) => parsed.kid === kid);
  if (already !== undefined)
    throw refuse('usage', `this key approved it already, in entry ${already.index}; another one must`);
}

/** The commitment whose entry is named, as `status` shows it; undefined where it is a subject, which comes first. */
async function entryNamed(look: Seen['look'], name: string): Promise<Listed | undefined> {
  if (!/^(?:[0-9]{1,16}|[0-9a-f]{8,64})$/.test(name)) return undefined;
  const all = await look.list({ kind: 'commitment' });
  if (all.some(({ subject }) => subject === name)) return undefined;
  const [found, ...others] = all.filter((each) => isNamed(each, name));
  if (found !== undefined && others.length === 0) return found;
  throw refuse(
    'not-found',
    found === undefined
      ? `the log has no commitment ${name}; name a subject, an index or an entry id`
      : `several commitments begin with ${name}; give more of the entry id`,
  );
}

export async function withdraw(
  context: Context,
  [subject = '']: readonly string[],
  flags: Flags,
): Promise<number> {
  const reading = await readingOf(context, flags);
  const look = await reading.look();
  const seen = await see(look, subject);
  const about = current(seen);
  const signer = await signerOf(context, 'author');
  const change = {
    ...(flags.text('ticket') !== undefined && { ticket: flags.text('ticket') ?? '' }),
    ...(flags.text('reason') !== undefined && { reason: flags.text('reason') ?? '' }),
  };
  const payload = () =>
    encodeCommitment({
      withdraws: idBytes(about),
      ...(Object.keys(change).length > 0 && { change }),
    });
  return say(context, 'withdraw', reading, look, {
    kind: 'commitment',
    subject,
    about,
    said: seen.entries,
    payload,
    signer,
    told: ['nothing is declared about it any more, and nothing is to be proven'],
    fields: {},
  });
}

export async function waive(
  context: Context,
  [subject = '', ...claims]: readonly string[],
  flags: Flags,
): Promise<number> {
  const [owner, reason, until] = ['owner', 'reason', 'until'].map((name) => flags.text(name));
  if (owner === undefined || reason === undefined || until === undefined)
    throw refuse(
      'usage',
      'a waiver needs --owner, --reason and --until: somebody answers for it, and it ends',
    );
  const reading = await readingOf(context, flags);
  const look = await reading.look();
  const seen = await see(look, subject);
  const about = current(seen);
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
  const ends = notAfter <= look.now ? 'from now on they count again' : `until ${timeOf(notAfter)}`;
  return say(context, 'waive', reading, look, {
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
    end = parseTime(text, '--until');
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

function current(seen: Seen): Declared {
  const about = commitmentOf(seen);
  if (about === undefined)
    throw refuse(
      'not-found',
      `nothing is declared about ${line(seen.subject)}: its commitment was withdrawn`,
    );
  return about;
}
