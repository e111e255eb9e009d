/**
 * Public OpenAPI contracts through `api@1`'s reader: node bench/openapi-corpus.ts FOLDER, where *.json and *.yaml files lie at any depth. Prints
 * how many are read, how many operations they have that only read, how many of these could be tried without anybody's values, and why
 * others are refused. Nothing is asked of any service.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../src/bytes/refusal.ts';
import { declareJson } from '../src/declare/json.ts';
import { declareYaml } from '../src/declare/yaml.ts';
import { contractOf } from '../src/probe/api/contract.ts';
import { requestOf } from '../src/probe/api/requests.ts';
import { declaredValue } from '../src/probe/declared.ts';

const [folder = '.'] = process.argv.slice(2);
const counts = { files: 0, read: 0, operations: 0, tried: 0, needAuth: 0, writing: 0 };
const refused = new Map<string, number>();
const count = (why: string): void => void refused.set(why, (refused.get(why) ?? 0) + 1);
for (const file of globSync('**/*.{json,yaml,yml}', { cwd: folder })) {
  const text = readFileSync(join(folder, file), 'utf8');
  if (!/^\s*(?:\{|openapi|["']openapi|#|---)/.test(text) || !/["']?openapi["']?\s*:/.test(text)) continue;
  counts.files += 1;
  try {
    const { leaves } = file.endsWith('.json') ? declareJson(text) : declareYaml(text);
    const contract = contractOf(new Map(leaves.map(({ path, value }) => [path, declaredValue(value)])));
    counts.read += 1;
    counts.operations += contract.operations.length;
    counts.writing += contract.writing;
    for (const operation of contract.operations) {
      if (operation.needsAuth) counts.needAuth += 1;
      if ('path' in requestOf(contract, operation, new Map())) counts.tried += 1;
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    count(`${error.code}: ${error.message.replaceAll(/line \d+.*?: /g, '').slice(0, 110)}`);
  }
}
console.log(counts);
for (const [why, n] of [...refused].toSorted(([, a], [, b]) => b - a).slice(0, 12)) console.log(n, why);
