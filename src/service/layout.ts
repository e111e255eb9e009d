/** Where things lie in a data directory. */
import { join } from 'node:path';
import type { Role } from '../statement/policy.ts';
import { CONFIG_FILE } from '../cli/config.ts';
import type { Config } from '../cli/settings.ts';

export interface Layout {
  readonly config: string;
  /** Entry 0 before it is logged: the registration policy, signed. */
  readonly genesis: string;
  /** tlog-policy that names the log's keys: what to hand to whoever verifies. */
  readonly trustPolicy: string;
  /** Entries, tiles, index: the store. */
  readonly store: string;
  /** The highest signed head; also the lock of a running log. In a directory of its own. */
  readonly guardDir: string;
  readonly guard: string;
  /** What a log with witnesses published last, and the proof that it went back or forked, should there be one. */
  readonly published: string;
  readonly conflict: string;
  /** Private keys, one file each, mode 0600. */
  readonly keys: string;
  readonly ed25519: string;
  readonly mldsa44: string;
  readonly receipt: string;
}

/** The paths that a configuration means. */
export function layoutOf(config: Pick<Config, 'dataDir' | 'guardDir'>): Layout {
  const guardDir = config.guardDir ?? join(config.dataDir, 'guard');
  const keys = join(config.dataDir, 'keys');
  return {
    config: join(config.dataDir, CONFIG_FILE),
    genesis: join(config.dataDir, 'genesis.cose'),
    trustPolicy: join(config.dataDir, 'trust.policy'),
    store: join(config.dataDir, 'log.db'),
    guardDir,
    guard: join(guardDir, 'signed-head.db'),
    published: join(config.dataDir, 'published.checkpoint'),
    conflict: join(config.dataDir, 'conflict.checkpoint'),
    keys,
    ed25519: join(keys, 'checkpoint-ed25519.pem'),
    mldsa44: join(keys, 'checkpoint-ml-dsa-44.pem'),
    receipt: join(keys, 'receipt-ed25519.pem'),
  };
}

/** The key file that `init` makes for a role and entry 0 enrols. */
export function roleKeyPath(layout: Pick<Layout, 'keys'>, role: Role): string {
  return join(layout.keys, `${role}.pem`);
}
