/**
 * The receipt keys of the logs that were made or run on this machine, each with the name of its log, in the state
 * directory: `receipt-keys/<thumbprint>`. A receipt is verified with a key, and its `sub` names the log. If two logs
 * shared a key, everything would depend on a verifier comparing `sub`. Only logs that `init` and `serve` start are
 * recorded, so that no stranger's log can occupy a name or a key.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import { createFile } from '../platform/files.ts';

/** Where the keys are recorded, and who is told if that fails. */
export interface KeyRegister {
  readonly stateDir: string;
  readonly onRemark: (text: string) => void;
}

/**
 * Records a receipt key for the log of this name. Refuses `key-file` if another log known here has it. If the state
 * directory cannot be written, that is a remark.
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
