/** Saying something about a commitment: an approval, a waiver, a withdrawal, a deployment; signed, logged, and shown to be logged. */
import { existsSync } from 'node:fs';
import { digest, type Digest } from '../../bytes/brand.ts';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { parseHex } from '../../bytes/text.ts';
import { submitStatement } from '../../client/scrapi.ts';
import { signStatement } from '../../cose/statement.ts';
import { loadSigner } from '../../keys/load.ts';
import type { Signer } from '../../sign/signer.ts';
import { admit } from '../../registration/admit.ts';
import { parseStatement } from '../../statement/parse.ts';
import { contentTypeOf } from '../../statement/kinds.ts';
import type { Role } from '../../statement/policy.ts';
import { LOOK_AGAIN, onceLogged } from '../acknowledged.ts';
import { issuerOf } from '../commit/publish.ts';
import type { Context } from '../context.ts';
import { layoutOf, roleKeyPath } from '../layout.ts';
import type { JsonValue } from '../output.ts';
import { ownInput } from '../owninput.ts';
import type { Session } from '../session.ts';
import { sayingWait } from '../wait.ts';
import type { Look } from './reading.ts';
import type { Declared } from '../../appraisal/history.ts';
import { line } from './words.ts';

/** What is to be said, about which commitment. */
export interface Saying {
  readonly kind: 'approval' | 'waiver' | 'commitment' | 'deployment';
  readonly subject: string;
  readonly about: Declared;
  /** Of what the user said. */
  readonly payload: () => Uint8Array;
  readonly signer: Signer;
  /** Lines for people, and fields for machines. */
  readonly told: readonly string[];
  readonly fields: { readonly [key: string]: JsonValue };
}

/** Signs, logs and verifies. Refuses what the log would, before anything is sent. */
export async function say(
  context: Context,
  name: string,
  session: Session,
  look: Look,
  { kind, subject, about, payload, signer, told, fields }: Saying,
): Promise<number> {
  const { output } = context;
  const policy = look.policies.inForce;
  const headers = { issuer: issuerOf(policy, signer.publicKey), subject, contentType: contentTypeOf(kind) };
  const statement = await signStatement({ ...headers, confirm: true }, await ownInput(payload), signer);
  const parsed = parseStatement(statement);
  const { entry } = about;
  const logged = { kind: 'commitment', kid: entry.parsed.kid, subject } as const;
  const facts = {
    commitments: { get: (id: string) => (id === entry.id ? logged : undefined) },
    chains: { get: () => undefined },
  };
  admit(look.policies.rules, parsed, facts, look.now);
  const submitted = submitStatement(session.transport, session.log, statement);
  const registration = await sayingWait(context, session, submitted);
  const { index } = await onceLogged(registration.id, LOOK_AGAIN, async () => {
    const collected = await session.collect(registration.id, registration.receipt);
    session.assertVerified(collected.evidence);
    return collected.entry;
  });
  output.print(
    [
      output.paint('green', 'logged'),
      `entry      ${registration.id}`,
      `index      ${index}`,
      `subject    ${line(subject)}`,
      `about      commitment ${entry.id}, entry ${entry.index}`,
      ...told,
    ].join('\n'),
  );
  output.result(name, { entry: registration.id, index, subject, commitment: entry.id, ...fields });
  return EXIT.ok;
}

/**
 * The key of a role: --key or its environment variable, else the one that `init` made in the data directory. What
 * tallystick.yaml names under `key` is who commits, and so comes last. Refuses `usage`, and what `loadSigner` refuses.
 */
export async function signerOf({ config, resolved }: Context, role: Role): Promise<Signer> {
  const source = resolved.settled.find(({ name }) => name === 'key')?.source;
  const path = roleKeyPath(layoutOf(config), role);
  const asked = source === 'flag' || source === 'env';
  if (config.key !== undefined && (asked || !existsSync(path))) return loadSigner(config.key);
  if (existsSync(path)) return loadSigner(path);
  throw refuse('usage', `say who signs with --key, a file or ssh-agent:, in the role ${role}`);
}

export function idBytes({ entry }: Declared): Digest {
  return digest(parseHex(entry.id));
}
