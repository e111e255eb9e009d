/**
 * Whom the client verbs trust: verifier keys (--vkey, each a key or a file of keys, one per line) or a
 * tlog-policy file (--policy; `init` writes one for its own log and names it in tallystick.yaml).
 */
import { dirname, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import type { Trust } from '../../client/evidence.ts';
import {
  parseReceiptKeys,
  parseVkeys,
  trustAsOrigin,
  trustKeys,
  trustPolicy,
  trustReceiptKeys,
} from '../../client/trust.ts';
import { parseVkey, type NoteVerifier } from '../../note/key.ts';
import { readNamedFile } from '../../platform/files.ts';
import type { Source } from './config.ts';
import type { Context } from './context.ts';

/** If --vkey and --policy come from different places, the one with the higher number counts. */
const NEARNESS: Record<Source, number> = { flag: 3, env: 2, file: 1, default: 0 };

/**
 * Whom to trust. Refuses `usage` if nothing names it, or if --vkey and --policy come from the same place;
 * `malformed-key`, `malformed-trust-policy`, `not-found` for the files that they name.
 */
export async function trustOf(context: Context, receiptKeyFile?: string): Promise<Trust> {
  const { logOrigin } = context.config;
  const trust = await trusted(context, receiptKeyFile);
  return logOrigin === undefined ? trust : trustAsOrigin(trust, logOrigin);
}

/** The same for a verb that goes on without: undefined if nobody said whom to trust. */
export async function ownTrustOf(context: Context): Promise<Trust | undefined> {
  const { vkey, policy } = context.config;
  return vkey.length === 0 && policy === undefined ? undefined : trustOf(context);
}

/** Where keys come from: in words, and whether the log's own directory names them. */
export interface TrustPlace {
  readonly text: string;
  readonly isOwnLog: boolean;
}

/**
 * Where the user's trust policy or keys come from, for people; undefined if nobody said whom to trust. A file in the data directory
 * of a log was written by whoever runs the log: that is said.
 */
export function trustPlace({ config, resolved: { settled, file } }: Context): TrustPlace | undefined {
  const chosen = settled
    .filter(({ name }) => name === 'policy' || name === 'vkey')
    .toSorted((a, b) => NEARNESS[b.source] - NEARNESS[a.source])[0];
  if (chosen === undefined || chosen.source === 'default') return undefined;
  const what = chosen.name === 'policy' ? (config.policy ?? '') : `the keys of ${chosen.where}`;
  const by = chosen.name === 'policy' ? `${what}, by ${chosen.where}` : what;
  if (chosen.source !== 'file') return { text: what, isOwnLog: false };
  const isOwnLog = file !== undefined && dirname(file) === config.dataDir;
  return { text: isOwnLog ? `${by}: the log's own directory, which its operator wrote` : by, isOwnLog };
}

async function trusted(context: Context, receiptKeyFile?: string): Promise<Trust> {
  const { config, resolved, world } = context;
  const receiptKeys =
    receiptKeyFile === undefined
      ? []
      : parseReceiptKeys(await readNamedFile(resolve(world.cwd, receiptKeyFile)));
  const nearness = (name: 'vkey' | 'policy'): number =>
    NEARNESS[resolved.settled.find((each) => each.name === name)?.source ?? 'default'];
  const [vkeys, policy] = [nearness('vkey'), nearness('policy')];
  if (vkeys > 0 && vkeys === policy)
    throw refuse('usage', 'give either --vkey or --policy: both say whom to trust');
  if (vkeys > policy) {
    const keys = await Promise.all(config.vkey.map((text) => readVkeys(text, world.cwd)));
    return trustKeys(keys.flat(), receiptKeys);
  }
  if (config.policy !== undefined) return trustPolicy(await readNamedFile(config.policy), receiptKeys);
  if (receiptKeys.length > 0) return trustReceiptKeys(receiptKeys);
  throw refuse(
    'usage',
    'no log is trusted yet: give its verifier key with --vkey, as `tallystick serve` prints it at its start',
  );
}

/** A text with `+<8 hex digits>+` is a vkey; any other is the name of a file. */
async function readVkeys(text: string, cwd: string): Promise<readonly NoteVerifier[]> {
  if (/\+[0-9a-f]{8}\+/.test(text)) return [parseVkey(text)];
  return parseVkeys(await readNamedFile(resolve(cwd, text)), text);
}
