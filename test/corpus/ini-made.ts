/**
 * Made files of sections against Python, git, php and MySQL of this machine (Debian: php-cli, mariadb-client-core): node
 * test/corpus/ini-made.ts [--runs N] [--seed N] [--folder FOLDER of public files]. Run by hand; spec/claims.md has the counts.
 */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unmarkedSecrets } from '../../src/declare/secret.ts';
import { declareIni } from '../../src/declare/sources/ini.ts';
import { declared, disagreements, iniTexts, readersOf } from '../support/ini-readers.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string' },
  },
});
const texts =
  values.folder === undefined
    ? fc.sample(iniTexts, { numRuns: Number(values.runs), seed: Number(values.seed) })
    : readdirSync(values.folder).map((file) => readFileSync(join(values.folder ?? '', file), 'utf8'));
const counts: Record<string, number> = {};
const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
const read = texts.flatMap((text) => {
  const here = declared(text);
  if (typeof here !== 'string') return [{ text, here }];
  const why = here
    .replace(/^line \d+: /, '')
    .replace(/^(in the value of )\S+|^\S+ (stands|is there)/, '$1… $2');
  count(`refused: ${why.slice(0, 48)}`);
  return [];
});
const readers = readersOf(read.map(({ text }) => text));
for (const [reader, all] of Object.entries(readers))
  for (const [i, { text, here }] of read.entries()) {
    const wrong = disagreements(here, reader, all[i] ?? null);
    if (all[i] === null) count(`${reader} refuses`);
    else count(`${reader} ${wrong.length === 0 ? 'agrees' : 'reads otherwise'}`);
    if (wrong.length > 0) console.log(JSON.stringify(text).slice(0, 200), wrong.slice(0, 3));
  }
const secrets = read.filter(({ text }) => unmarkedSecrets(declareIni(text).leaves, new Set()).length > 0);
console.log({ texts: texts.length, read: read.length, withSecrets: secrets.length, ...counts });
