/**
 * Changing the registration policy: read the one in force, make the next, show what differs, sign, log,
 * verify. What the log would refuse is refused here, before anything is sent.
 */
import { existsSync } from 'node:fs';
import { equalBytes } from '../../bytes/compare.ts';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { formatHex } from '../../bytes/text.ts';
import { entryIdOf, submitStatement } from '../../client/scrapi.ts';
import { loadSigner } from '../../keys/load.ts';
import type { Signer } from '../../sign/signer.ts';
import { parseStatement } from '../../statement/parse.ts';
import { assertGranted, assertSuccessor } from '../../registration/grants.ts';
import { encodePolicy } from '../../statement/payload.ts';
import { assertStrongPolicy, compilePolicy, type PolicyDocument } from '../../statement/policy.ts';
import { signOwn } from '../../statement/sign.ts';
import type { Context } from '../context.ts';
import { layoutOf, roleKeyPath } from '../layout.ts';
import type { JsonValue } from '../output.ts';
import { Session, type Collected } from '../session.ts';
import { differenceOf } from './difference.ts';
import { kidOf } from './editable.ts';
import { assertKeepsRunningKeys, policyInForce, type InForce } from './inforce.ts';

/** What a verb wants. */
export interface Wish {
  /** `enrol`: the answer is `tallystick.policy-enrol.v1`. */
  readonly name: string;
  readonly dryRun: boolean;
  /** Makes the next document; the same one when everything is as wished already. */
  readonly next: (inForce: InForce) => PolicyDocument | Promise<PolicyDocument>;
  /** Said when nothing is to do. */
  readonly already: string;
}

/** Logs a change, unless there is none or it is only to be shown. Resolves to the exit code. */
export async function changePolicy(context: Context, wish: Wish): Promise<number> {
  const { output, world } = context;
  const session = await Session.open(context);
  const inForce = await policyInForce(session);
  const { policy, entry, index } = inForce;
  const document = await wish.next(inForce);
  const difference = differences(policy.document, document);
  const report = (more: { readonly [name: string]: JsonValue }): void =>
    output.result(`policy-${wish.name}`, {
      changed: difference.length > 0,
      dry_run: wish.dryRun,
      difference,
      base: { entry, index },
      entry: null,
      index: null,
      overtaken: null,
      ...more,
    });
  if (difference.length === 0) {
    output.print(`${wish.already}; nothing to log`);
    report({});
    return EXIT.ok;
  }
  const time = Math.floor(world.now() / 1000);
  await assertFollows(session, inForce, document, time);
  output.print(`changes to the policy of ${document.origin} (entry ${index}):\n${difference.join('\n')}`);
  const back = (policy.document.revoked ?? []).map(({ kid }) => formatHex(kid));
  const revoked = compilePolicy(document).revoked;
  for (const kid of back.filter((each) => !revoked.has(each)))
    output.warn(`key ${kid} would no longer be revoked: what it signed would be believed again`);
  if (wish.dryRun) {
    output.note('nothing was logged');
    report({});
    return EXIT.ok;
  }
  const statement = await signNext(inForce, document, await loadAdmin(context), time);
  const registration = await submitStatement(session.transport, session.log, statement);
  const collected = await session.collect(registration.id, registration.receipt);
  session.assertVerified(collected.evidence);
  const overtaken = overtakenBy(inForce, collected);
  output.print(
    `${output.paint('green', 'logged')}\nentry     ${registration.id}\nindex     ${collected.entry.index}`,
  );
  report({ entry: registration.id, index: collected.entry.index, overtaken: overtaken ?? null });
  if (overtaken === undefined) return EXIT.ok;
  output.warn(
    `policy ${overtaken} was logged meanwhile and is undone by this one; compare them, and repeat it`,
  );
  return EXIT.verification;
}

/** Lines for people; at least one when the bytes differ at all. */
function differences(old: PolicyDocument, next: PolicyDocument): readonly string[] {
  if (equalBytes(encodePolicy(old), encodePolicy(next))) return [];
  const lines = differenceOf(old, next);
  return lines.length > 0 ? lines : ['~ the same in another order'];
}

/** Refuses what the log would: `policy-rejected`, `weak-key`. */
async function assertFollows(
  session: Session,
  inForce: InForce,
  document: PolicyDocument,
  time: number,
): Promise<void> {
  const next = compilePolicy(document);
  const { origin } = document;
  const submission = {
    kind: 'policy',
    kid: '',
    entry: new Uint8Array(),
    subject: origin,
    issuer: '',
  } as const;
  assertSuccessor(inForce.policy, next, submission, time);
  assertStrongPolicy(next, inForce.policy);
  await assertKeepsRunningKeys(session, inForce, document);
}

/** Refuses what the log would of the signer: `unknown-key`, `wrong-role`, `limit-exceeded`, `policy-rejected`. */
async function signNext(
  { policy, issuer }: InForce,
  document: PolicyDocument,
  signer: Signer,
  time: number,
): Promise<Uint8Array> {
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
  assertGranted(policy, parseStatement(statement), time);
  return statement;
}

/** What tallystick.yaml names under `key` is who commits, so it comes after the admin key in its place. */
async function loadAdmin({ config, resolved }: Context): Promise<Signer> {
  const source = resolved.settled.find(({ name }) => name === 'key')?.source;
  const path = roleKeyPath(layoutOf(config), 'admin');
  const asked = source === 'flag' || source === 'env';
  if (config.key !== undefined && (asked || !existsSync(path))) return loadSigner(config.key);
  if (existsSync(path)) return loadSigner(path);
  throw refuse('usage', `${path} is not there: name the admin key with --key, a file or ssh-agent:`);
}

/** The policy that came between the one this was made from and this one; its changes are lost. */
function overtakenBy({ entry }: InForce, { evidence }: Collected): string | undefined {
  const before = evidence.policy && entryIdOf(evidence.policy.entry);
  return before === entry ? undefined : before;
}
