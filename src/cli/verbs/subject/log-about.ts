/** A statement about a commitment (approval, waiver, withdrawal, deployment) is signed, logged, and shown to be logged. */
import { existsSync } from 'node:fs';
import { digest, type Digest } from '../../../bytes/brand.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { EXIT } from '../../exit.ts';
import { parseHex } from '../../../bytes/text.ts';
import { loadSigner } from '../../../keys/load.ts';
import type { Signer } from '../../../sign/signer.ts';
import type { Role } from '../../../statement/policy.ts';
import { factsAbout, signFor } from '../../../client/sign-for.ts';
import type { Context } from '../../frame/context.ts';
import { layoutOf, roleKeyPath } from '../../../service/layout.ts';
import type { JsonValue } from '../../frame/output.ts';
import { ownInput } from '../../frame/owninput.ts';
import type { Snapshot } from '../../../client/snapshot.ts';
import type { LogClient } from '../../../client/client.ts';
import { appraise } from './appraised.ts';
import { subjectLines } from '../../views/show.ts';
import type { Committed, SubjectEntry } from '../../../appraisal/history.ts';
import { line } from '../../views/words.ts';

/** What is to be logged, about which commitment. */
export interface StatementAbout {
  readonly kind: 'approval' | 'waiver' | 'commitment' | 'deployment';
  readonly subject: string;
  readonly about: Committed;
  /** Of what the user said. */
  readonly payload: () => Uint8Array;
  readonly signer: Signer;
  /** The newest commitment statement of the subject, which the next one follows; `about` where that is it. */
  readonly newest?: Committed['entry'] | undefined;
  /** What was said about the subject before. */
  readonly said: readonly Pick<SubjectEntry, 'parsed'>[];
  /** Lines for people, and fields for machines. */
  readonly told: readonly string[];
  readonly fields: { readonly [key: string]: JsonValue };
}

/** Signs, logs and verifies. Refuses what the log would, before anything is sent. */
export async function logAbout(
  context: Context,
  name: string,
  client: LogClient,
  look: Snapshot,
  wanted: StatementAbout,
): Promise<number> {
  const { kind, subject, about, newest, payload, signer, said, told, fields } = wanted;
  const { output } = context;
  const { entry } = about;
  const facts = factsAbout(about, newest);
  const signed = { kind, subject, payload: await ownInput(payload), signer, said, facts };
  const statement = await signFor(look, signed);
  const { id, index, already } = await client.logStatement(statement, { known: look.view.head.size });
  output.print(
    [
      already ? `already logged, entry ${index}` : output.paint('green', 'logged'),
      `entry      ${id}`,
      `index      ${index}`,
      `subject    ${line(subject)}`,
      `about      commitment ${entry.id}, entry ${entry.index}`,
      ...(already ? await inForceNow(context, client, subject) : told),
    ].join('\n'),
  );
  output.result(name, {
    entry: id,
    index,
    subject,
    commitment: entry.id,
    already_logged: already,
    ...fields,
  });
  return EXIT.ok;
}

/** What holds of a subject, for whoever said nothing new. */
async function inForceNow(context: Context, client: LogClient, subject: string): Promise<readonly string[]> {
  return ['in force', ...subjectLines(context.output, await appraise(await client.snapshot(), subject))];
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

export function idBytes({ entry }: Pick<Committed, 'entry'>): Digest {
  return digest(parseHex(entry.id));
}
