/** `tallystick agent open`: shows observations that a proof rests on to a reader whom the owner chooses. */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { agentFiles, openAgentDatabase } from '../../../agent/database.ts';
import { openObservations, type OpenedProof, type WantedProof } from '../../../agent/opened.ts';
import { Spool } from '../../../agent/spool.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { ProofFolder } from '../../../client/node/proof-folder.ts';
import { saveEvidence } from '../../../client/proof-store.ts';
import { showPath } from '../../../declare/leafopening.ts';
import { formatOpenings, OPENINGS_FILE } from '../../../declare/openings-file.ts';
import { replaceFile } from '../../../platform/files.ts';
import { showValue } from '../../../statement/leaf-text.ts';
import { EXIT } from '../../exit.ts';
import { clientOf } from '../../frame/client.ts';
import type { Context } from '../../frame/context.ts';
import { line } from '../../../words/plain.ts';
import { besideOwnLog } from './options.ts';

export interface OpenAsked {
  /** Number in the chain, or entry id. */
  readonly proof: string;
  readonly claim: string | undefined;
  readonly subject: string | undefined;
  readonly all: boolean;
  /** Directory to hand over; undefined: print only. */
  readonly out: string | undefined;
}

export async function runOpen(context: Context, asked: OpenAsked): Promise<number> {
  const { output, world } = context;
  const opened = readOpened(context, asked);
  const { stored, proof, leaves } = opened;
  output.print(
    `proof ${stored.seq} of ${line(stored.subject)}, entry ${stored.index}: ${leaves.length} of ${proof.observations?.count ?? 0} leaves`,
  );
  for (const { claim, opening } of leaves)
    output.print(`  ${claim ?? '-'}  ${showPath(opening.path)} = ${showValue(opening.value)}`);
  const out = asked.out === undefined ? undefined : resolve(world.cwd, asked.out);
  if (out !== undefined) await handOver(context, opened, out);
  output.result('agent-open', {
    subject: stored.subject,
    seq: stored.seq,
    entry: stored.id,
    index: stored.index,
    leaves: leaves.map(({ claim, opening: { index, path, value } }) => ({
      claim,
      index,
      path,
      value: showValue(value),
    })),
    folder: out ?? null,
  });
  return EXIT.ok;
}

function readOpened({ config }: Context, { proof, subject, claim, all }: OpenAsked): OpenedProof {
  const { database } = agentFiles(config.agentDir);
  if (!existsSync(database))
    throw refuse(
      'not-found',
      `no agent has worked in ${config.agentDir}; name its directory with --agent-dir`,
    );
  const db = openAgentDatabase(config.agentDir);
  try {
    return openObservations(new Spool(db), wantedOf(proof, subject), { claim, all });
  } finally {
    db.close();
  }
}

function wantedOf(named: string, subject: string | undefined): WantedProof {
  if (/^[0-9a-f]{64}$/.test(named)) return { id: named };
  if (/^(?:0|[1-9][0-9]{0,14})$/.test(named)) return { seq: Number(named), subject };
  throw refuse(
    'usage',
    `${line(named, 80)} is no proof: give its number in the chain (\`seq\`), or its entry id of 64 hex digits`,
  );
}

/** Writes a proof directory with the opened leaves. The entry is fetched, and verified to be in the log. */
async function handOver(context: Context, { stored, leaves }: OpenedProof, out: string): Promise<void> {
  const { output, world } = context;
  const client = await clientOf(besideOwnLog(context));
  const found = await client.find(stored.id);
  client.assertVerified(found.evidence);
  await saveEvidence(new ProofFolder(out), found.evidence);
  await replaceFile(join(out, OPENINGS_FILE), formatOpenings(leaves));
  const shown = relative(world.cwd, out) || '.';
  output.note(`hand over ${shown}/; the recipient checks it with: tallystick verify ${shown}`);
}
