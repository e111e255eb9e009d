/** The keys of a log that an operator names, to be added to its policy. */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { readNamedKey, readNamedVkeys } from '../keys/named.ts';
import { checkpointVkey, type LogKey } from '../registration/edits.ts';

/**
 * The keys that a text names: vkeys, a file of them, or a key as `readNamedKey` reads it. `use`: for a key that is no vkey,
 * what it will sign. Refuses `usage` for such a key without a use, and as `readNamedKey` and `checkpointVkey` do.
 */
export async function logKeysNamed(
  given: string,
  use: string | undefined,
  origin: string,
  cwd: string,
): Promise<readonly LogKey[]> {
  const vkeys = await readNamedVkeys(given, cwd);
  if (vkeys !== undefined) return vkeys.map((vkey) => ({ use: 'checkpoint', vkey }));
  const key = await readNamedKey(given, cwd);
  if (use === 'receipt') return [{ use, key }];
  if (use === 'checkpoint') return [{ use, vkey: checkpointVkey(origin, key) }];
  throw refuse('usage', `${printable(given, 60)} is no vkey; say what it will sign: checkpoint or receipt`, {
    remedy: { use: true },
  });
}
