/**
 * How many leaves of configuration are taken for secrets: `node bench/secrets.ts FOLDER…` reads every YAML and JSON file
 * below each folder as `commit yaml` would, and prints what is found, by folder; with `--show` each place. What it printed for
 * public collections stands in spec/decisions.md.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../src/bytes/refusal.ts';
import { decodeSource } from '../src/declare/encoding.ts';
import { DETECTOR } from '../src/declare/detector.ts';
import { unmarkedSecrets } from '../src/declare/secret.ts';
import { declareYaml } from '../src/declare/yaml.ts';

const [folders, flags] = [
  process.argv.slice(2).filter((each) => !each.startsWith('--')),
  process.argv.slice(2),
];
console.log(DETECTOR);
for (const folder of folders) {
  const counts = { files: 0, refused: 0, leaves: 0, found: 0 };
  const started = performance.now();
  for (const name of globSync('**/*.{yaml,yml,json}', { cwd: folder }).toSorted()) {
    try {
      const { leaves } = declareYaml(decodeSource(readFileSync(join(folder, name))));
      const found = unmarkedSecrets(leaves, new Set());
      counts.files += 1;
      counts.leaves += leaves.length;
      counts.found += found.length;
      if (flags.includes('--show'))
        for (const { path, why } of found) console.log(`  ${name}  ${path}  ${why}`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      counts.refused += 1;
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${folder}: ${counts.files} files (${counts.refused} refused), ${counts.leaves} leaves, ${counts.found} found, ${seconds} s`,
  );
}
