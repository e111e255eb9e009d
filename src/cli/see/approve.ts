/** `tallystick approve`, `withdraw`, `waive`: what people say of a commitment. */
import { refuse } from '../../bytes/refusal.ts';
import type { Committed, Declared } from '../../appraisal/history.ts';
import { formatHex } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Listed } from '../../client/search.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { encodeApproval, encodeCommitment, encodeWaiver } from '../../statement/payload.ts';
import type { Context } from '../context.ts';
import type { Output } from '../output.ts';
import { parseDate } from '../../registration/time.ts';
import type { Flags } from '../verb.ts';
import { ownLeaves, durationOf, MOST_SECONDS, readingOf } from './asked.ts';
import { factLines, leafLines } from './difference.ts';
import type { ShownLeaves } from '../../declare/node/openedleaves.ts';
import { idBytes, say, signerOf } from './say.ts';
import { lackText } from './show.ts';
import { commitmentOf } from '../../appraisal/subject.ts';
import { isNamed, see, type Seen } from './seen.ts';
import { line } from './words.ts';

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
  const entry = await entryNamed(look, named);
  const subject = entry?.subject ?? named;
  const seen = await see(look, subject);
  const about = entry === undefined ? waitingIn(seen) : newestNamed(seen, entry);
  const own = await ownLeaves(context, subject, flags.texts('leaves'));
  output.print(shownBefore(output, seen, about, own).join('\n'));
  if (entry === undefined && !flags.on('yes'))
    throw refuse(
      'usage',
      `nothing is approved yet: this is what waits; to approve exactly this say tallystick approve ${about.entry.id}, or ` +
        'say --yes to approve what is newest, unseen',
    );
  const signer = await signerOf(context, 'approver');
  assertNotYet(about, formatHex(keyThumbprint(signer.publicKey)));
  const reason = flags.text('reason');
  const { needed } = about;
  const given = about.approvals.length + 1;
  return say(context, 'approve', client, look, {
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

/** What waits for approvals. Refuses `not-found`, and `usage` where nothing does. */
function waitingIn({ subject, history: { pending, withdrawing, inForce } }: Seen): Committed {
  const about = pending ?? withdrawing;
  if (about !== undefined) return about;
  if (inForce === undefined)
    throw refuse('not-found', `there is no commitment about ${line(subject)} to approve`);
  throw refuse(
    'usage',
    `the commitment about ${line(subject)} has all the approvals it asks for; to approve it all the same, give its entry id, ${inForce.entry.id}`,
  );
}

/** The statement of an entry, which must be the newest of its subject. Refuses `superseded-meanwhile`. */
function newestNamed({ subject, history }: Seen, { index, id }: Listed): Committed {
  const all: readonly Committed[] = [...history.declared, ...history.withdrawals];
  const about = all.find(({ entry }) => entry.id === id);
  if (about === undefined)
    throw refuse(
      'not-found',
      `entry ${index} about ${line(subject)} counts for nothing: its key was revoked`,
    );
  if (about.followed === undefined) return about;
  throw refuse(
    'superseded-meanwhile',
    `entry ${about.followed.index} followed entry ${index}, and approvals are taken of the newest alone; look at it: ` +
      `tallystick approve ${about.followed.id}`,
  );
}

/** What is about to be approved, beside what is in force. */
function shownBefore(
  output: Output,
  { look, subject, history }: Seen,
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

/** The log takes a second approval by the same key, and it counts nothing. */
function assertNotYet({ entry, approvals }: Committed, kid: string): void {
  if (entry.parsed.kid === kid)
    throw refuse('own-commitment', 'the author of a commitment cannot approve it; let another key do that');
  const already = approvals.find(({ parsed }) => parsed.kid === kid);
  if (already !== undefined)
    throw refuse('usage', `this key approved it already, in entry ${already.index}; another one must`);
}

/** The commitment whose entry is named, as `status` shows it; undefined where it is a subject, which comes first. */
async function entryNamed(look: Seen['look'], name: string): Promise<Listed | undefined> {
  if (!/^(?:[0-9]{1,16}|[0-9a-f]{8,64})$/.test(name)) return undefined;
  const found: Listed[] = [];
  for await (const { rows } of look.pages({ kind: 'commitment' })) {
    if (rows.some(({ subject }) => subject === name)) return undefined;
    found.push(...rows.filter((each) => isNamed(each, name)));
  }
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  throw refuse(
    'not-found',
    first === undefined
      ? `the log has no commitment ${name}; name a subject, an index or an entry id`
      : `several commitments begin with ${name}; give more of the entry id`,
  );
}

export async function withdraw(
  context: Context,
  [subject = '']: readonly string[],
  flags: Flags<'full', 'ticket' | 'reason', 'monitor'>,
): Promise<number> {
  const client = await readingOf(context, flags);
  const look = await client.snapshot();
  const seen = await see(look, subject);
  const about = current(seen);
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
  return say(context, 'withdraw', client, look, {
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
  const ends = notAfter <= look.now ? 'from now on they count again' : `until ${formatTime(notAfter)}`;
  return say(context, 'waive', client, look, {
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

function current(seen: Seen): Declared {
  const about = commitmentOf(seen);
  if (about === undefined)
    throw refuse(
      'not-found',
      `nothing is declared about ${line(seen.subject)}: its commitment was withdrawn`,
    );
  return about;
}
