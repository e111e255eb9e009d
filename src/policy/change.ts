/**
 * Changing the registration policy of a log. Two steps, so that a person can look in between:
 *
 *   planChange: read the policy in force → make the next → what differs → what the log would refuse
 *   logChange:  sign → submit → collect → verify
 *
 * What the log would refuse is refused here, before anything is signed or sent. The edits are in registration/edits.ts.
 *
 *     const plan = await planChange(client, (document) => enrol(document, wanted, false), { now: Date.now });
 *     for (const warning of plan.warnings) console.warn(warning);
 *     if (plan.difference.length > 0) await logChange(client, plan, signer);
 */
import { equalBytes } from '../bytes/compare.ts';
import { personsRemark } from '../bytes/personal.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { LogClient } from '../client/client.ts';
import type { LoggedStatement } from '../client/log-statement.ts';
import { kidOf } from '../cose/key.ts';
import { NO_FACTS, admit } from '../registration/admit.ts';
import { differenceOf } from '../registration/difference.ts';
import { nextDocument, wholeDocument } from '../registration/next.ts';
import { lockOutWarnings, successor } from '../registration/successor.ts';
import type { Signer } from '../sign/signer.ts';
import { parseStatement } from '../statement/parse.ts';
import { encodePolicy } from '../statement/payload.ts';
import { assertStrongPolicy, compilePolicy, type PolicyDocument } from '../statement/policy.ts';
import { signOwn } from '../statement/sign.ts';
import { assertKeepsRunningKeys, policyInForce, type PolicyInForce } from './in-force.ts';
import { approverFault } from '../appraisal/approvers.ts';
import { printable } from '../bytes/printable.ts';
import { newestSubjects } from '../client/statuses.ts';

/** Makes the next whole document from the one in force; returns the same one if nothing has to change. */
export type Edit = (
  whole: PolicyDocument,
  inForce: PolicyInForce,
) => PolicyDocument | Promise<PolicyDocument>;

/** A change that the log will take, unless another comes first. */
interface PlannedChange {
  readonly inForce: PolicyInForce;
  /** Lines for people; none when there is nothing to change. */
  readonly difference: readonly string[];
  /** One sentence for each person or key that the change will lock out. */
  readonly warnings: readonly string[];
  /** The payload to sign. */
  readonly document: PolicyDocument;
  /** POSIX seconds: the time for which admission was checked. */
  readonly time: number;
}

/**
 * Applies an edit to the policy in force. Refuses as the edit and `policyInForce` do, and `policy-rejected` or `weak-key`
 * where the log would. `now`: milliseconds since the epoch.
 */
export async function planChange(
  client: LogClient,
  edit: Edit,
  { now }: { readonly now: () => number },
): Promise<PlannedChange> {
  const inForce = await policyInForce(client);
  const whole = wholeDocument(inForce.policy);
  const wanted = await edit(whole, inForce);
  const difference = differences(whole, wanted);
  const time = Math.floor(now() / 1000);
  if (difference.length === 0) return { inForce, difference, warnings: [], document: wanted, time };
  const document = nextDocument(inForce, wanted);
  const lockOuts = await assertFollows(client, inForce, document, time);
  const persons = personsRemark(namedAnew(whole, document));
  const warnings = [
    ...lockOuts,
    ...(await approversMissing(client, whole, document)),
    ...(persons === undefined ? [] : [persons]),
  ];
  return { inForce, difference, warnings, document, time };
}

/** Texts for people that the change adds. */
function namedAnew(before: PolicyDocument, after: PolicyDocument): readonly string[] {
  const known = new Set(before.keys.flatMap(({ name, issuer = '' }) => [name, issuer]));
  const texts = after.keys.flatMap(({ name, issuer = '' }) => [name, issuer]);
  const reasons = (after.revoked ?? []).flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  return [...texts.filter((each) => !known.has(each)), ...reasons];
}

/**
 * Signs a planned change, logs it and verifies that it is logged. Refuses a signer that the log would refuse
 * (`unknown-key`, `wrong-role`, `limit-exceeded`, `policy-rejected`), and as `LogClient.logStatement` does.
 */
export async function logChange(
  client: LogClient,
  plan: PlannedChange,
  signer: Signer,
): Promise<LoggedStatement> {
  return client.logStatement(await signNext(plan, signer));
}

/** Lines for people; at least one when the bytes differ at all. */
function differences(old: PolicyDocument, next: PolicyDocument): readonly string[] {
  if (equalBytes(encodePolicy(old), encodePolicy(next))) return [];
  const lines = differenceOf(old, next);
  return lines.length > 0 ? lines : ['~ the same in another order'];
}

/** Bytes of a policy entry beside its payload, about: its headers, and an Ed25519 signature. */
const ENVELOPE_BYTES = 320;

/** Warnings of coming lock-outs. Refuses what the log would, before anything is signed. */
async function assertFollows(
  client: LogClient,
  inForce: PolicyInForce,
  document: PolicyDocument,
  time: number,
): Promise<readonly string[]> {
  const next = compilePolicy(document);
  const length = encodePolicy(document).length + ENVELOPE_BYTES;
  const policy = successor(inForce.rules, next, { subject: document.origin, length }, time);
  assertStrongPolicy(next, inForce.policy);
  await assertKeepsRunningKeys(client, inForce, document);
  return lockOutWarnings(policy, length, time);
}

async function signNext({ inForce, document, time }: PlannedChange, signer: Signer): Promise<Uint8Array> {
  const { policy, rules, issuer } = inForce;
  const kid = kidOf(signer.publicKey);
  if (compilePolicy(document).revoked.has(kid)) {
    throw refuse(
      'policy-rejected',
      `key ${kid} would revoke itself, and this very change would not be believed; sign with another admin key`,
    );
  }
  const { origin } = document;
  const as = policy.keys.get(kid)?.enrolled.issuer ?? issuer;
  const headers = { kind: 'policy', log: origin, issuer: as, subject: origin } as const;
  const statement = await signOwn(headers, encodePolicy(document), signer);
  admit(rules, parseStatement(statement), NO_FACTS, time);
  return statement;
}

/** Subjects that are looked at: those with the newest commitments. */
const MOST_SUBJECTS = 100;

/** One sentence for each such subject; none if no approver's key changes. If the log cannot be read, a sentence says so. */
async function approversMissing(
  client: LogClient,
  before: PolicyDocument,
  after: PolicyDocument,
): Promise<readonly string[]> {
  if (approversIn(before) === approversIn(after)) return [];
  try {
    const snapshot = await client.snapshot();
    const { subjects, more } = await newestSubjects(snapshot, MOST_SUBJECTS);
    const policy = compilePolicy(after);
    const found: string[] = [];
    for (const subject of subjects) {
      const fault = approverFault(await snapshot.history(subject), policy, subject);
      if (fault !== undefined) found.push(`of ${printable(subject, 300)}, ${fault}`);
    }
    return more > 0 ? [...found, `${more} more subjects were not looked at for approvers`] : found;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [`whether each subject keeps enough approvers was not looked at: ${error.message}`];
  }
}

/** Who may approve what, as one text. */
function approversIn({ keys }: PolicyDocument): string {
  const approvers = keys.filter(({ roles }) => roles.includes('approver'));
  return JSON.stringify(approvers.map(({ key, subjects }) => [key.bytes.toHex(), subjects]));
}
