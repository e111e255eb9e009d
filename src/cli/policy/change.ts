/**
 * Changing the registration policy: read the one in force, make the next, show what differs, sign, log,
 * verify. What the log would refuse is refused here, before anything is sent.
 */
import { existsSync } from 'node:fs';
import { equalBytes } from '../../bytes/compare.ts';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { loadSigner } from '../../keys/load.ts';
import type { Signer } from '../../sign/signer.ts';
import { parseStatement } from '../../statement/parse.ts';
import { admit, NO_FACTS } from '../../registration/admit.ts';
import { nextDocument, wholeDocument } from '../../registration/next.ts';
import { lockOutWarnings, successor } from '../../registration/successor.ts';
import { encodePolicy } from '../../statement/payload.ts';
import { assertStrongPolicy, compilePolicy, type PolicyDocument } from '../../statement/policy.ts';
import { signOwn } from '../../statement/sign.ts';
import type { Context } from '../context.ts';
import { layoutOf, roleKeyPath } from '../../service/layout.ts';
import { approversMissing } from './approvers.ts';
import type { JsonValue } from '../output.ts';
import type { LogClient } from '../../client/client.ts';
import { clientOf } from '../client.ts';
import { differenceOf } from '../../registration/difference.ts';
import { kidOf } from '../../cose/key.ts';
import { assertKeepsRunningKeys, policyInForce, type PolicyInForce } from './inforce.ts';

/** What a verb wants. */
export interface Wish {
  /** `enrol`: the answer is `tallystick.policy-enrol.v1`. */
  readonly name: string;
  readonly dryRun: boolean;
  /** Makes the next whole document of the one in force; the same one when everything is as wished already. */
  readonly next: (whole: PolicyDocument, inForce: PolicyInForce) => PolicyDocument | Promise<PolicyDocument>;
  /** Said when nothing is to do. */
  readonly already: string;
}

/** Logs a change, unless there is none or it is only to be shown. Resolves to the exit code. */
export async function changePolicy(context: Context, wish: Wish): Promise<number> {
  const { output, world } = context;
  const session = await clientOf(context);
  const inForce = await policyInForce(session);
  const { policy, id, index } = inForce;
  const whole = wholeDocument(policy);
  const wanted = await wish.next(whole, inForce);
  const difference = differences(whole, wanted);
  const report = (more: { readonly [name: string]: JsonValue }): void =>
    output.result(`policy-${wish.name}`, {
      changed: difference.length > 0,
      dry_run: wish.dryRun,
      difference,
      base: { entry: id, index },
      entry: null,
      index: null,
      ...more,
    });
  if (difference.length === 0) {
    output.print(`${wish.already}; nothing to log. In force: entry ${index}, ${id}`);
    report({});
    return EXIT.ok;
  }
  const time = Math.floor(world.now() / 1000);
  const document = nextDocument(inForce, wanted);
  await assertFollows(session, inForce, document, time, output.warn.bind(output));
  for (const text of await approversMissing(context, whole, document)) output.warn(text);
  output.print(`changes to the policy of ${document.origin} (entry ${index}):\n${difference.join('\n')}`);
  if (wish.dryRun) {
    output.note('nothing was logged');
    report({});
    return EXIT.ok;
  }
  const statement = await signNext(inForce, document, await loadAdmin(context), time);
  const logged = await session.logStatement(statement);
  output.print(
    [
      output.paint('green', 'logged'),
      `entry     ${logged.id}`,
      `index     ${logged.index}`,
      `replaces  ${id}, entry ${index}`,
    ].join('\n'),
  );
  report({ entry: logged.id, index: logged.index });
  return EXIT.ok;
}

/** Lines for people; at least one when the bytes differ at all. */
function differences(old: PolicyDocument, next: PolicyDocument): readonly string[] {
  if (equalBytes(encodePolicy(old), encodePolicy(next))) return [];
  const lines = differenceOf(old, next);
  return lines.length > 0 ? lines : ['~ the same in another order'];
}

/** Bytes of a policy entry beside its payload, about: its headers, and an Ed25519 signature. */
const ENVELOPE_BYTES = 320;

/** Refuses what the log would, before anything is signed: `policy-rejected`, `weak-key`. Warns of coming lock-outs. */
async function assertFollows(
  session: LogClient,
  inForce: PolicyInForce,
  document: PolicyDocument,
  time: number,
  warn: (text: string) => void,
): Promise<void> {
  const next = compilePolicy(document);
  const length = encodePolicy(document).length + ENVELOPE_BYTES;
  const policy = successor(inForce.rules, next, { subject: document.origin, length }, time);
  assertStrongPolicy(next, inForce.policy);
  await assertKeepsRunningKeys(session, inForce, document);
  for (const warning of lockOutWarnings(policy, length, time)) warn(warning);
}

/** Refuses what the log would of the signer: `unknown-key`, `wrong-role`, `limit-exceeded`, `policy-rejected`. */
async function signNext(
  { policy, rules, issuer }: PolicyInForce,
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
  admit(rules, parseStatement(statement), NO_FACTS, time);
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
