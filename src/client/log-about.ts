/**
 * Statements about a commitment: a waiver, an approval, a withdrawal, the mark of a deployment. Each function builds what is
 * to be said and refuses what would say nothing; `logAbout` signs it, logs it and shows it to be logged.
 *
 *     const snapshot = await client.snapshot();
 *     const status = await statusOf(snapshot, 'db/payments');
 *     const said = withdrawalAbout(status, { reason: 'moved to db/billing' });
 *     const { index } = await logAbout(client, snapshot, said, signer);
 */
import type { Committed, Declared, History, SubjectEntry } from '../appraisal/history.ts';
import type { SubjectStatus } from '../appraisal/subject.ts';
import { claimNamed, currentOf, inForceOf } from '../appraisal/versions.ts';
import { digest, type Digest, type EntryId } from '../bytes/brand.ts';
import { parseHex } from '../bytes/text.ts';
import type { Signer } from '../sign/signer.ts';
import type { Approval } from '../statement/approval.ts';
import type { Deployment } from '../statement/deployment.ts';
import { encodeApproval, encodeCommitment, encodeDeployment, encodeWaiver } from '../statement/payload.ts';
import type { Waiver } from '../statement/waiver.ts';
import type { LogClient } from './client.ts';
import type { LoggedStatement } from './log-statement.ts';
import { factsAbout, signFor } from './sign-for.ts';
import type { Snapshot } from './snapshot.ts';

/** What is to be logged, about which commitment. */
export interface StatementAbout {
  readonly kind: 'approval' | 'waiver' | 'commitment' | 'deployment';
  readonly subject: string;
  readonly about: Committed;
  readonly payload: Uint8Array;
  /** The newest commitment statement of the subject, which the next one follows; `about` where that is it. */
  readonly newest?: Committed['entry'] | undefined;
  /** What was said about the subject before. */
  readonly said: readonly Pick<SubjectEntry, 'parsed'>[];
}

/** Signs, logs and verifies. Refuses what the log would, before anything is sent. */
export async function logAbout(
  client: Pick<LogClient, 'logStatement'>,
  snapshot: Snapshot,
  { about, newest, ...said }: StatementAbout,
  signer: Signer,
): Promise<LoggedStatement> {
  const statement = await signFor(snapshot, { ...said, signer, facts: factsAbout(about, newest) });
  return client.logStatement(statement, { known: snapshot.view.head.size });
}

/** Refuses `not-found` for a claim that the subject has not. As all of these, `malformed-payload` for what cannot be said. */
export function waiverAbout(
  status: SubjectStatus,
  said: Pick<Waiver, 'claims' | 'owner' | 'reason' | 'notAfter'>,
): StatementAbout {
  const about = currentOf(status);
  for (const each of said.claims) claimNamed(status, each);
  const payload = encodeWaiver({ commitment: idOf(about), ...said });
  return { kind: 'waiver', subject: status.subject, about, said: status.entries, payload };
}

/** `about`: what may be approved (appraisal/approvable.ts). */
export function approvalAbout(
  { subject, entries }: SubjectStatus,
  about: Committed,
  said: Pick<Approval, 'reason'>,
): StatementAbout {
  const payload = encodeApproval({ commitment: idOf(about), ...said });
  return { kind: 'approval', subject, about, said: entries, payload };
}

/** A withdrawal of what is shown of the subject. */
export interface WithdrawalAbout extends StatementAbout {
  /** Approvals by other keys until which what it withdraws stays in force. */
  readonly needed: number;
  /** What waited for approvals of its own, and gets none any more. */
  readonly overtakes: Committed | undefined;
}

/** Refuses `not-found` where nothing is declared. */
export function withdrawalAbout(
  status: SubjectStatus,
  change: { readonly ticket?: string; readonly reason?: string },
): WithdrawalAbout {
  const about = currentOf(status);
  const { inForce, newest, pending, withdrawing } = status.history;
  const payload = encodeCommitment({
    withdraws: idOf(about),
    supersedes: idOf({ entry: newest ?? about.entry }),
    ...(Object.keys(change).length > 0 && { change }),
  });
  return {
    kind: 'commitment',
    subject: status.subject,
    about,
    newest,
    said: status.entries,
    payload,
    needed: about === inForce ? (about.declaration.approvals ?? 0) : 0,
    overtakes: pending === about ? withdrawing : (pending ?? withdrawing),
  };
}

/** The commitment in force is being deployed. Refuses `not-found` where none is: its deadlines would run for nobody. */
export function deploymentAbout(
  history: History,
  subject: string,
  said: Omit<Deployment, 'commitment'>,
): StatementAbout & { readonly about: Declared } {
  const about = inForceOf(history, subject);
  const payload = encodeDeployment({ commitment: idOf(about), ...said });
  return { kind: 'deployment', subject, about, said: history.deployments, payload };
}

function idOf({ entry }: { readonly entry: { readonly id: EntryId } }): Digest {
  return digest(parseHex(entry.id));
}
