/** What an operand names: a file, or standard input. */
import { resolve } from 'node:path';
import { readNamedFile, readPiped } from '../../platform/files.ts';
import type { Context } from './context.ts';

/** The bytes of a named file, or of standard input for `-`. `most` and refusals: as for `readNamedFile`. */
export function readOperand({ world }: Context, operand: string, most?: number): Promise<Uint8Array> {
  return operand === '-' ? readPiped(process.stdin, most) : readNamedFile(resolve(world.cwd, operand), most);
}
