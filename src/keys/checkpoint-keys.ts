/** The checkpoint keys of a log: one of each algorithm, so that a good signature remains if one algorithm is broken. */
import { join } from 'node:path';
import { formatVkey, type NoteType } from '../note/key.ts';
import { makeFolder } from '../platform/files.ts';
import type { Algorithm } from '../sign/algorithm.ts';
import { generateKey } from './load.ts';

const KINDS: readonly (readonly [Algorithm, NoteType])[] = [
  ['ed25519', 1],
  ['ml-dsa-44', 6],
];

interface CheckpointKey {
  /** Name of the file in the folder. */
  readonly file: string;
  readonly algorithm: Algorithm;
  readonly vkey: string;
}

/** Makes both in a folder, never over a file that is there. Refuses as `makeFolder` and `generateKey` do. */
export async function generateCheckpointKeys(
  folder: string,
  origin: string,
): Promise<readonly CheckpointKey[]> {
  await makeFolder(folder, 0o700);
  const made: CheckpointKey[] = [];
  for (const [algorithm, type] of KINDS) {
    const file = `checkpoint-${algorithm}.pem`;
    const key = await generateKey(join(folder, file), algorithm);
    made.push({ file, algorithm, vkey: formatVkey(origin, type, key) });
  }
  return made;
}
