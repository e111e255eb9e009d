/**
 * The evaluator of schemas of `api@1` against the JSON Schema Test Suite (github.com/json-schema-org/JSON-Schema-Test-Suite), which is
 * not in this repository: node bench/json-schema-suite.ts FOLDER, a checkout of it. Prints how many tests were right, unknown and
 * wrong, and each wrong one. Exits 1 if one was wrong.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isTreeList } from '../src/declare/leaf.ts';
import { parseJson } from '../src/bytes/json.ts';
import { fitOf } from '../src/probe/api/schema.ts';
import { itemsAt, partAt, textAt } from '../src/probe/tree.ts';

const [folder = '.'] = process.argv.slice(2);
const NESTING = { most: 200, advice: '' };
let wrong = 0;
for (const [draft, dialect] of [
  ['draft2020-12', '3.1'],
  ['draft4', '3.0'],
] as const) {
  const counts = { right: 0, unknown: 0, wrong: 0 };
  const unknown = new Map<string, number>();
  for (const file of globSync(`tests/${draft}/*.json`, { cwd: folder })) {
    const groups = parseJson(readFileSync(join(folder, file), 'utf8'), NESTING);
    for (const group of isTreeList(groups) ? groups : []) {
      const schema = partAt(group, 'schema') ?? null;
      // Every test says `$schema`, which a schema of a contract does not.
      const own =
        schema instanceof Map ? new Map([...schema].filter(([name]) => name !== '$schema')) : schema;
      for (const each of itemsAt(group, 'tests')) {
        const value = each instanceof Map ? (each.get('data') ?? null) : null;
        const { verdict } = fitOf(own, '', own, value, dialect);
        const expected = partAt(each, 'valid') === true ? 'fits' : 'differs';
        const kind = verdict === 'unknown' ? 'unknown' : verdict === expected ? 'right' : 'wrong';
        counts[kind] += 1;
        if (kind === 'unknown') unknown.set(basename(file), (unknown.get(basename(file)) ?? 0) + 1);
        if (kind === 'wrong')
          console.log(
            `wrong: ${file}: ${textAt(group, 'description')}: ${textAt(each, 'description')} (${verdict})`,
          );
      }
    }
  }
  wrong += counts.wrong;
  console.log(draft, counts, Object.fromEntries([...unknown].toSorted(([, a], [, b]) => b - a)));
}
process.exitCode = wrong > 0 ? 1 : 0;
