/**
 * Makes what a log needs before it starts: its three keys, a first key for each role, entry 0 (the
 * registration policy that enrols them, RFC 9943 §6), the configuration file and a tlog-policy to hand out.
 *
 * Nothing is ever overwritten. Entry 0 is written last and is what counts: before it, a run that was cut
 * off is simply finished; after it, no key is made any more, since entry 0 could not name it.
 */
import { existsSync } from 'node:fs';
import { refuse } from '../bytes/refusal.ts';
import { generateKey, loadKeyFile } from '../keys/load.ts';
import { formatVkey } from '../note/key.ts';
import type { Algorithm, PublicKey } from '../sign/algorithm.ts';
import { parseStatement } from '../statement/parse.ts';
import { SqliteGuard } from '../storage/guard.ts';
import { encodePolicy } from '../statement/payload.ts';
import { ENTRY_DEFINITION, MAX_ENTRY_BYTES, ROLES, RULES, type PolicyDocument } from '../statement/policy.ts';
import { signOwn } from '../statement/sign.ts';
import { createFile, makeFolder, readNamedFile } from '../platform/files.ts';
import { layoutOf, roleKeyPath, type Layout, type LogHome } from './layout.ts';
import { claimReceiptKey, type KeyRegister } from './receiptkeys.ts';

/** What a log is made of, beside the keys that are made for it. */
export interface InitOptions extends LogHome, KeyRegister {
  /** Its name; for a new log without one, a name made of its key. */
  readonly origin?: string | undefined;
  /** Whether a new log admits any well-signed statement. */
  readonly open: boolean;
  /** Where readers will find it: stands in `trust.policy`. */
  readonly url: string;
  /** Text of the configuration file, when one is to be written. */
  readonly configFile?: ((origin: string, layout: Layout) => string) | undefined;
}

/** A data directory that is ready. */
export interface Initialised {
  readonly layout: Layout;
  readonly origin: string;
  /** Verifier keys as entry 0 names them: Ed25519, then ML-DSA-44. */
  readonly vkeys: readonly string[];
  readonly open: boolean;
  /** Files this run made; empty when everything was there. */
  readonly created: readonly string[];
}

/**
 * Finishes a data directory. Refuses `foreign-log` when the configured origin is not the one entry 0 names,
 * `config-invalid` when a log that was made closed is to be open, `key-file` when a key that entry 0 names is gone, or
 * another log known here has the receipt key.
 */
export async function initialise(options: InitOptions): Promise<Initialised> {
  const { origin: wanted, configFile } = options;
  const layout = layoutOf(options);
  const created: string[] = [];
  const put = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    if (await createFile(path, bytes)) created.push(path);
  };
  await makeFolder(layout.keys, 0o700, { code: 'config-invalid', setting: '--data-dir' });
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
    const advice = 'set origin back, or give a new log another --data-dir';
    throw refuse('foreign-log', `${layout.genesis} starts the log ${origin}, not ${wanted}; ${advice}`);
  }
  if (options.open && !open) {
    const advice = 'leave it out; to open the log to anybody, say so in its policy: tallystick policy set';
    throw refuse('config-invalid', `open is for new logs, and ${origin} was not made open; ${advice}`);
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
 * The signed-head guard is made here and nowhere else: were `serve` to make one, a log whose store and guard
 * are both lost would begin a second history under the same keys.
 */
async function makeGuard(layout: Layout, origin: string): Promise<void> {
  await makeFolder(layout.guardDir, 0o700, { code: 'config-invalid', setting: '--guard-dir' });
  await SqliteGuard.open(layout.guard, origin, true).close();
}

/** The log's keys first, so that `ls` order and creation order tell the same story. */
function keyFiles(layout: Layout): readonly (readonly [path: string, algorithm: Algorithm])[] {
  return [
    [layout.ed25519, 'ed25519'],
    [layout.mldsa44, 'ml-dsa-44'],
    [layout.receipt, 'ed25519'],
    ...ROLES.map((role) => [roleKeyPath(layout, role), 'ed25519'] as const),
  ];
}

/**
 * What one key may log in all: far more than a team's pipeline does in years, and an end to what a leaked key can. An
 * admin raises it by the next policy.
 */
const COUNTS = { keySubjects: 10_000, keyCommitments: 1_000_000 };

/** Every role gets its own key, and every key all subjects: a start to narrow down. */
async function firstPolicy(
  layout: Layout,
  wanted: string | undefined,
  open: boolean,
): Promise<PolicyDocument> {
  const ed25519 = await publicKeyIn(layout.ed25519);
  const mldsa44 = await publicKeyIn(layout.mldsa44);
  const origin = wanted ?? localOrigin(ed25519);
  const keys = ROLES.map(async (role) => {
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
    keys: await Promise.all(keys),
    selfProof: false,
    limits: { entryBytes: MAX_ENTRY_BYTES, ...COUNTS },
  };
}

/** Unlike any other log's on this or another machine, and the same again when a cut-off run is finished. */
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
