/**
 * Makes what a log needs before it starts: its three keys, its notary's, a first key for each role, entry 0 (the registration policy
 * that enrols them, RFC 9943 §6), the configuration file, and a tlog-policy to hand out.
 *
 * Existing files are never overwritten. Entry 0 is written last. While it is missing, the next run completes the
 * set-up. Once it exists, no key is made any more, since entry 0 could not name it.
 */
import { existsSync } from 'node:fs';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { generateKey, loadKeyFile } from '../keys/load.ts';
import { formatVkey } from '../note/key.ts';
import type { Algorithm, PublicKey } from '../sign/algorithm.ts';
import { parseStatement } from '../statement/parse.ts';
import { SqliteGuard } from '../storage/guard.ts';
import { notaryEnrolment } from '../registration/edits.ts';
import { encodePolicy } from '../statement/payload.ts';
import { ENTRY_DEFINITION, MAX_ENTRY_BYTES, ROLES, RULES, type PolicyDocument } from '../statement/policy.ts';
import { signOwn } from '../statement/sign.ts';
import { createFile, makeFolder, readNamedFile } from '../platform/files.ts';
import { layoutOf, roleKeyPath, type Layout, type LogHome } from './layout.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../bytes/printable.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';

/** The options of a new log, besides the keys that are made for it. */
export interface InitOptions extends LogHome, KeyRegister {
  /** Name of the log. Default for a new log: a name derived from its key. */
  readonly origin?: string | undefined;
  /** Whether a new log admits any well-signed statement. */
  readonly open: boolean;
  /** URL at which readers will find the log; written into `trust.policy`. */
  readonly url: string;
  /** Text of the configuration file, when one is to be written. */
  readonly configFile?: ((origin: string, layout: Layout) => string) | undefined;
}

/** A data directory that is complete. */
export interface Initialised {
  readonly layout: Layout;
  readonly origin: string;
  /** Verifier keys as entry 0 names them: Ed25519, then ML-DSA-44. */
  readonly vkeys: readonly string[];
  readonly open: boolean;
  /** Files that this run made; empty if all existed. */
  readonly created: readonly string[];
}

/**
 * Completes a data directory. Refuses `foreign-log` if the configured origin differs from that of entry 0;
 * `config-invalid` if a log that was made closed is to be open; `key-file` if a key that entry 0 names is missing, or
 * if another log known here has the same receipt key.
 */
export async function initialise(options: InitOptions): Promise<Initialised> {
  const { origin: wanted, configFile } = options;
  const layout = layoutOf(options);
  const created: string[] = [];
  const put = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    if (await createFile(path, bytes)) created.push(path);
  };
  await makeFolder(layout.keys, 0o700, { code: 'config-invalid', remedy: { dataDir: true } });
  if (!existsSync(layout.genesis)) {
    for (const [path, algorithm] of keyFiles(layout)) {
      if (existsSync(path)) continue;
      await generateKey(path, algorithm);
      created.push(path);
    }
    const document = await firstPolicy(layout, wanted, options.open);
    await claimReceiptKey(options, document.origin, await publicKeyIn(layout.receipt));
    await makeGuard(layout, document.origin);
    await put(layout.genesis, await signPolicy(document, roleKeyPath(layout, 'admin')));
  }
  const { origin, log, open } = await readGenesis(layout.genesis);
  if (wanted !== undefined && wanted !== origin) {
    const advice = 'set origin back, or give a new log another directory';
    throw refuse('foreign-log', `${layout.genesis} starts the log ${origin}, not ${wanted}; ${advice}`, {
      remedy: { dataDir: true },
    });
  }
  if (options.open && !open) {
    const advice = 'leave it out; to open the log to anybody, say so in its policy: tallystick policy set';
    throw refuse('config-invalid', `only a new log is opened to anybody, and ${origin} was not; ${advice}`);
  }
  for (const path of [layout.ed25519, layout.mldsa44, layout.receipt]) {
    if (!existsSync(path))
      throw refuse('key-file', `${path} is gone and entry 0 names it; restore it from your backup`);
  }
  await claimReceiptKey(options, origin, await publicKeyIn(layout.receipt));
  if (configFile !== undefined) await put(layout.config, configFile(origin, layout));
  await put(layout.trustPolicy, trustPolicy(log.vkeys, options.url));
  return { layout, origin, vkeys: log.vkeys, open, created };
}

/**
 * The guard is made here only. If `serve` made one, a log that lost both store and guard would begin a second history
 * under the same keys.
 */
async function makeGuard(layout: Layout, origin: string): Promise<void> {
  await makeFolder(layout.guardDir, 0o700, { code: 'config-invalid', remedy: { guardDir: true } });
  await SqliteGuard.open(layout.guard, origin, true).close();
}

/** The roles that get a key with a new log. Who has clusters enrols a key that delegates. */
const FIRST_ROLES = ROLES.filter((role) => role !== 'delegator');

/** The log's keys first, so that `ls` order and creation order tell the same story. */
function keyFiles(layout: Layout): readonly (readonly [path: string, algorithm: Algorithm])[] {
  return [
    [layout.ed25519, 'ed25519'],
    [layout.mldsa44, 'ml-dsa-44'],
    [layout.receipt, 'ed25519'],
    [layout.notary, 'ed25519'],
    ...FIRST_ROLES.map((role) => [roleKeyPath(layout, role), 'ed25519'] as const),
  ];
}

/**
 * Limits on what one key may log in total: far more than a team's pipeline needs in years, and a bound on what a leaked
 * key can do. An admin raises them with the next policy.
 */
const COUNTS = { keySubjects: 10_000, keyCommitments: 1_000_000 };

/** Each role gets a key of its own, and each key all subjects; the operator narrows them down later. */
async function firstPolicy(
  layout: Layout,
  wanted: string | undefined,
  open: boolean,
): Promise<PolicyDocument> {
  const ed25519 = await publicKeyIn(layout.ed25519);
  const mldsa44 = await publicKeyIn(layout.mldsa44);
  const origin = wanted ?? localOrigin(ed25519);
  const keys = FIRST_ROLES.map(async (role) => {
    const key = await publicKeyIn(roleKeyPath(layout, role));
    return { key, name: `first ${role} key`, roles: [role], subjects: ['**'] };
  });
  return {
    rules: RULES,
    origin,
    open,
    entry: ENTRY_DEFINITION,
    log: {
      vkeys: [formatVkey(origin, 1, ed25519), formatVkey(origin, 6, mldsa44)],
      receiptKeys: [await publicKeyIn(layout.receipt)],
    },
    keys: [...(await Promise.all(keys)), notaryEnrolment(origin, await publicKeyIn(layout.notary))],
    selfProof: false,
    limits: { entryBytes: MAX_ENTRY_BYTES, ...COUNTS },
  };
}

/** An origin that differs from every other log's, and is the same when an interrupted run is completed. */
function localOrigin(key: PublicKey): string {
  return `localhost/${key.bytes.subarray(0, 8).toHex()}`;
}

async function publicKeyIn(path: string): Promise<PublicKey> {
  return (await loadKeyFile(path)).publicKey;
}

async function signPolicy(document: PolicyDocument, adminKey: string): Promise<Uint8Array> {
  const { origin } = document;
  const headers = { kind: 'policy', log: origin, issuer: origin, subject: origin } as const;
  return signOwn(headers, encodePolicy(document), await loadKeyFile(adminKey));
}

async function readGenesis(path: string): Promise<PolicyDocument> {
  const parsed = parseStatement(await readNamedFile(path));
  if (parsed.kind !== 'policy')
    throw refuse('policy-rejected', `${path} is not a registration policy; restore it`);
  return parsed.policy.document;
}

function trustPolicy(vkeys: readonly string[], url: string): string {
  const lines = vkeys.map((vkey) => `log ${vkey} ${url}`);
  const comment = "# The log's keys (C2SP tlog-policy). Witnesses and a quorum can be added.";
  return [comment, ...lines, 'quorum none', ''].join('\n');
}

/** Where the keys are recorded, and who is told if that fails. */
interface KeyRegister {
  readonly stateDir: string;
  readonly onRemark: (text: string) => void;
}

/**
 * Records a receipt key for the log of this name. Refuses `key-file` if another log known here has it. If the state
 * directory cannot be written, that is a remark.
 */
async function claimReceiptKey(
  { stateDir, onRemark }: KeyRegister,
  origin: string,
  key: PublicKey,
): Promise<void> {
  const file = join(stateDir, 'receipt-keys', formatHex(keyThumbprint(key)));
  try {
    if (await createFile(file, `${origin}\n`)) return;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    onRemark(`which log has which receipt key is not written down here: ${error.message}`);
    return;
  }
  const owner = (await readFile(file, 'utf8')).trimEnd();
  if (owner === origin) return;
  throw refuse(
    'key-file',
    `the receipt key of ${origin} is the one of the log ${printable(owner, 255)}, which is known here: a receipt of one would ` +
      `pass for the other's; give this log a key of its own, or delete ${file} if that log is gone`,
  );
}
