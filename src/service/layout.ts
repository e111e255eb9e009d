/** The paths in a data directory. */
import { join } from 'node:path';
import type { Role } from '../statement/policy.ts';
import { CONFIG_FILE } from '../platform/names.ts';

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
  /**
   * The last published checkpoint of a log with witnesses, and the proof that the log went back or forked, if there is
   * one.
   */
  readonly published: string;
  readonly conflict: string;
  /** Private keys, one file each, mode 0600. */
  readonly keys: string;
  readonly ed25519: string;
  readonly mldsa44: string;
  readonly receipt: string;
  /** Signs the log's own notices of witnessed heads; enrolled for that alone. */
  readonly notary: string;
}

/** The directory of a log, and that of its guard when it lies elsewhere. */
export interface LogHome {
  readonly dataDir: string;
  readonly guardDir?: string | undefined;
}

/** The paths in a log's directory. */
export function layoutOf({ dataDir, guardDir: elsewhere }: LogHome): Layout {
  const guardDir = elsewhere ?? join(dataDir, 'guard');
  const keys = join(dataDir, 'keys');
  return {
    config: join(dataDir, CONFIG_FILE),
    genesis: join(dataDir, 'genesis.cose'),
    trustPolicy: join(dataDir, 'trust.policy'),
    store: join(dataDir, 'log.db'),
    guardDir,
    guard: join(guardDir, 'signed-head.db'),
    published: join(dataDir, 'published.checkpoint'),
    conflict: join(dataDir, 'conflict.checkpoint'),
    keys,
    ed25519: join(keys, 'checkpoint-ed25519.pem'),
    mldsa44: join(keys, 'checkpoint-ml-dsa-44.pem'),
    receipt: join(keys, 'receipt-ed25519.pem'),
    notary: join(keys, 'notary.pem'),
  };
}

/** The key file that `init` makes for a role and entry 0 enrols. */
export function roleKeyPath(layout: Pick<Layout, 'keys'>, role: Role): string {
  return join(layout.keys, `${role}.pem`);
}
