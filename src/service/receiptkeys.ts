/**
 * The receipt keys of the logs that were made or run here, each with the name of its log, in the state directory:
 * `receipt-keys/<thumbprint>`. A receipt is checked with a key, and its `sub` says of which log it is: two logs that
 * share the key leave all to whether a verifier looks at that. Only what `init` and `serve` start is written down, so
 * that no stranger's log can take a name or a key away.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import { createFile } from '../platform/files.ts';

/** Where the keys are written down, and who is told when they cannot be. */
export interface KeyRegister {
  readonly stateDir: string;
  readonly onRemark: (text: string) => void;
}

/**
 * Takes a receipt key for the log of this name. Refuses `key-file` when another log known here has it. A state
 * directory that cannot be written is a remark.
 */
export async function claimReceiptKey(
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
