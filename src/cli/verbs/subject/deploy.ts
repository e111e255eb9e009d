/** `tallystick deploy mark`: says in the log that the commitment in force is being put in place. */
import { digest } from '../../../bytes/brand.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { parseHex } from '../../../bytes/text.ts';
import { approvalsLacking, type Declared, type History } from '../../../appraisal/history.ts';
import { encodeDeployment } from '../../../statement/payload.ts';
import type { Context } from '../../frame/context.ts';
import type { Flags } from '../../frame/verb.ts';
import { waiting } from '../../frame/wait.ts';
import { readingOf } from './asked.ts';
import { idBytes, logAbout, signerOf } from './log-about.ts';
import { line } from '../../views/words.ts';

export async function mark(
  context: Context,
  _operands: readonly string[],
  flags: Flags<'full', 'subject' | 'version' | 'artifact' | 'reason' | 'wait', 'monitor'>,
): Promise<number> {
  const subject = flags.text('subject');
  if (subject === undefined) throw refuse('usage', 'say what was deployed with --subject');
  const [version, artifact, reason] = [flags.text('version'), flags.text('artifact'), flags.text('reason')];
  if (artifact !== undefined && !/^[0-9a-f]{64}$/.test(artifact))
    throw refuse('usage', '--artifact is a SHA-256: 64 lower-case hex digits');
  const signer = await signerOf(context, 'author');
  const client = await readingOf(context, flags, waiting(context, flags));
  const look = await client.snapshot();
  const history = await look.history(subject);
  const about = inForce(history, subject);
  const payload = (): Uint8Array =>
    encodeDeployment({
      commitment: idBytes(about),
      deployed: look.now,
      ...(version !== undefined && { version }),
      ...(artifact !== undefined && { artifact: digest(parseHex(artifact)) }),
      ...(reason !== undefined && { reason }),
    });
  const deadlines = about.declaration.claims.flatMap(({ id, deadline }) =>
    deadline === undefined ? [] : [{ id, deadline }],
  );
  const told = deadlines.map(({ id, deadline }) => `deadline   ${id} within ${deadline} s`);
  if (told.length === 0) told.push('deadlines  none: no claim of this commitment has one');
  if (history.pending !== undefined)
    told.push(`newer      entry ${history.pending.entry.index} lacks approvals: it is not what is marked`);
  return logAbout(context, 'deploy-mark', client, look, {
    kind: 'deployment',
    subject,
    about,
    said: history.deployments,
    payload,
    signer,
    told,
    fields: { deadlines },
  });
}

/** Deadlines of what does not count yet would run out before anybody could prove anything. */
function inForce(history: History, subject: string): Declared {
  if (history.inForce !== undefined) return history.inForce;
  const about = line(subject);
  if (history.pending === undefined)
    throw refuse('not-found', `no commitment about ${about} is in force in this log; commit it first`);
  throw refuse(
    'not-found',
    `the commitment about ${about}, entry ${history.pending.entry.index}, does not count yet: it lacks ` +
      `${approvalsLacking(history.pending)} approvals; let tallystick approve give them, and mark it then`,
  );
}
