/** Where things lie in a data directory. */
import { join } from 'node:path';
import type { Config } from './settings.ts';

export interface Layout {
  /** Entries, tiles, index: the store. */
  readonly store: string;
  /** The highest signed head; also the lock of a running log. In a directory of its own. */
  readonly guardDir: string;
  readonly guard: string;
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
    store: join(config.dataDir, 'log.db'),
    guardDir,
    guard: join(guardDir, 'signed-head.db'),
    keys,
    ed25519: join(keys, 'checkpoint-ed25519.pem'),
    mldsa44: join(keys, 'checkpoint-ml-dsa-44.pem'),
    receipt: join(keys, 'receipt-ed25519.pem'),
  };
}
