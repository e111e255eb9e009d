/**
 * The directory of an agent: its key, the secret of its seeds, its targets file, and a configuration file with the
 * settings of the first run. Missing files are made; existing files are never overwritten.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatHex, parseHex } from '../bytes/text.ts';
import { createSecretFile, readSecretFile } from '../keys/file.ts';
import { generateKey, loadSigner } from '../keys/load.ts';
import { createFile, makeFolder } from '../platform/files.ts';
import { CONFIG_FILE } from '../platform/names.ts';
import type { Signer } from '../sign/signer.ts';
import { agentFiles } from './database.ts';
import { assertBothEnds } from './consent.ts';
import { subjectsOf, type Rule } from './enrolment.ts';
import { NO_TARGETS, readTargets } from './targets.ts';

/** What the operator states about an agent's directory. */
export interface AgentPlace {
  readonly dir: string;
  /** A key outside the directory: a file, `ssh-agent:` or `exec:`. */
  readonly key?: string | undefined;
  /** A key file that is used if it exists and the directory has no key. */
  readonly keyBeside?: string | undefined;
  /** The text of the configuration file, if one is to be written. */
  readonly configFile?: (() => string) | undefined;
}

/** An agent's directory, complete. */
export interface AgentHome {
  readonly dir: string;
  /** The name of the key (keys/names.ts). */
  readonly keyName: string;
  readonly signer: Signer;
  /** 32 secret bytes from which the seeds derive. */
  readonly master: Uint8Array;
  readonly rules: readonly Rule[];
  /** The subjects and patterns of subjects in the rules, each once. */
  readonly subjects: readonly string[];
  /** True if this run made the key, so that no policy enrols it yet. */
  readonly madeKey: boolean;
}

/** Makes what is missing, and reads the directory. Refuses `key-file`, `config-invalid`. */
export async function initialiseAgent(place: AgentPlace): Promise<AgentHome> {
  const { dir, configFile } = place;
  const files = agentFiles(dir);
  await makeFolder(dir, 0o700);
  const keyName = keyNameOf(place);
  const madeKey = keyName === files.key && !isThere(keyName);
  if (madeKey) await generateKey(keyName, 'ed25519');
  const signer = await loadSigner(keyName);
  if (!isThere(files.seed)) await createSecretFile(files.seed, encodeUtf8(`${formatHex(randomBytes(32))}\n`));
  if (!isThere(files.targets)) await createFile(files.targets, NO_TARGETS, 0o600);
  const rules = await readTargets(files.targets);
  assertBothEnds(rules, signer);
  const config = join(dir, CONFIG_FILE);
  if (configFile !== undefined && !isThere(config)) await createFile(config, configFile());
  return {
    dir,
    keyName,
    signer,
    master: await readSeed(files.seed),
    rules,
    subjects: subjectsOf(rules),
    madeKey,
  };
}

/** The key that was named; else the directory's own; else `keyBeside`. */
function keyNameOf({ dir, key, keyBeside }: AgentPlace): string {
  if (key !== undefined) return key;
  const own = agentFiles(dir).key;
  return keyBeside !== undefined && !isThere(own) && isThere(keyBeside) ? keyBeside : own;
}

/** Whether a file exists and may be read. A file that Node's permission model hides counts as absent. */
export function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    return false;
  }
}

async function readSeed(path: string): Promise<Uint8Array> {
  const text = decodeUtf8(await readSecretFile(path)).replace(/\n$/, '');
  if (!/^[0-9a-f]{64}$/.test(text))
    throw refuse('key-file', `${path} is not a secret of 64 hex digits; restore it, or move it away`);
  return parseHex(text);
}
