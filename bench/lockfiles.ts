/**
 * Reads lockfiles in bulk, a line of JSON each: its name, and its leaves or why it is refused. By hand, over files that lie in one folder:
 *
 *     node bench/lockfiles.ts FOLDER > ours.jsonl && python3 bench/lockfiles.py FOLDER ours.jsonl
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '#src/bytes/refusal.ts';
import { decodeSource } from '#src/declare/encoding.ts';
import { PACKAGES_SOURCE } from '#src/declare/sources/packages/packages.ts';
import { declaredValue } from '#src/probe/declared.ts';

const [, , folder = ''] = process.argv;
for (const name of readdirSync(folder).toSorted()) {
  try {
    const text = decodeSource(readFileSync(join(folder, name)));
    const { leaves } = PACKAGES_SOURCE.declare([{ name, text }], { literal: false, ignore: [] });
    const values = Object.fromEntries(leaves.map(({ path, value }) => [path, declaredValue(value)]));
    process.stdout.write(`${JSON.stringify({ name, values })}\n`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stdout.write(`${JSON.stringify({ name, refused: error.message })}\n`);
  }
}
