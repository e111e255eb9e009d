/**
 * Exit code 3 means that a proof does not hold, or that a log refused a statement. If a parser refuses a file or a flag
 * of the user's own, that is wrong usage, whichever parser it was, because no log was asked yet.
 */
import { resolve } from 'node:path';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { readNamedFile, readPiped } from '../../platform/files.ts';
import { EXIT, exitOf } from '../exit.ts';
import type { Context } from './context.ts';

/** Runs a reader over the user's own input. `file`: its name, where the reader does not say it. */
export async function ownInput<T>(read: () => T | Promise<T>, file?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal) || exitOf(error) !== EXIT.verification) throw error;
    const where = file === undefined ? '' : `${file}: `;
    throw refuse('usage', `${where}${error.message}`, { cause: error });
  }
}

/** The bytes of a file that an operand names, or of standard input for `-`. `most`: as `readNamedFile`, which it refuses as. */
export function readOperand({ world }: Context, operand: string, most?: number): Promise<Uint8Array> {
  return operand === '-' ? readPiped(process.stdin, most) : readNamedFile(resolve(world.cwd, operand), most);
}
