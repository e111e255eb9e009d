/**
 * Public configurations, which are not kept here, against the program that reads them: node test/corpus/public.ts
 * sshd|nginx FOLDER. Run by hand; spec/claims.md has the counts. Prints how many were read right, refused by whom and why, and wrong.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Refusal } from '../../src/bytes/refusal.ts';
import { decodeSource } from '../../src/declare/encoding.ts';
import { declareNginx } from '../../src/declare/sources/nginx/nginx.ts';
import { declareSshd } from '../../src/declare/sources/sshd/sshd.ts';
import { unmarkedSecrets } from '../../src/declare/secret.ts';
import { lexicalLine, NginxOracle } from '../support/nginx-oracle.ts';
import { differences, leavesOf, SshdOracle } from '../support/sshd-oracle.ts';

const [kind = '', folder = ''] = process.argv.slice(2);
const BY = { user: 'nobody', host: 'a.example', addr: '192.0.2.1' };

/** What a file is, and what to print of it. */
type Found = readonly [kind: string, detail?: string | undefined];
const reason = (error: unknown): string => {
  if (!(error instanceof Refusal)) throw error;
  return error.message;
};

function sshd(oracle: SshdOracle, text: string): Found {
  const there = oracle.ask(text, BY);
  const refused = 'err' in there;
  try {
    const declared = declareSshd([{ name: '/etc/ssh/sshd_config', text }], ['/etc/ssh']);
    const secrets = unmarkedSecrets(declared.leaves, new Set()).map(({ path }) => path);
    if (secrets.length > 0) return ['a secret?', secrets.join(' ')];
    if (refused)
      return [
        'read here alone',
        there.err
          .trim()
          .split('\n')
          .at(-1)
          ?.replace(/^.*sshd_config/, ''),
      ];
    const wrong = differences(leavesOf(declared), there.out, BY);
    return wrong.length === 0 ? ['right'] : ['wrong', wrong.join('; ')];
  } catch (error) {
    return [refused ? 'refused by both' : 'refused here alone', reason(error)];
  }
}

/** Of a text as the main file, within `http` and within `server`: what nginx says where it comes furthest. */
function furthest(oracle: NginxOracle, text: string): { readonly err: string; readonly stopped: number } {
  const site = (around: string): Readonly<Record<string, string>> => ({
    'nginx.conf': `events {}\n${around}\n`,
    site: text,
  });
  const tries = [
    { 'nginx.conf': text },
    site('http { include site; }'),
    site('http { server { include site; } }'),
  ];
  return tries
    .map((files) => {
      const { err } = oracle.test(files);
      // Where it stopped: in a line of the text, in the lines around it, or nowhere.
      const [, file, line] = / in ([^ ]+):(\d+)$/m.exec(err) ?? [];
      const isText = file?.endsWith('site') === Object.keys(files).length > 1;
      return { err, stopped: line === undefined ? Infinity : isText ? Number(line) : 0 };
    })
    .reduce((best, each) => (each.stopped > best.stopped ? each : best));
}

function nginx(oracle: NginxOracle, text: string): Found {
  const { err, stopped } = furthest(oracle, text);
  const line = lexicalLine(err);
  try {
    // Files that it includes are not here.
    const given = [
      { name: '/etc/nginx/nginx.conf', text: text.replaceAll(/(^|[\s;{])include(\s)/g, '$1included$2') },
    ];
    const { leaves } = declareNginx(given, ['/']);
    const secrets = unmarkedSecrets(leaves, new Set()).map(({ path }) => path);
    if (line !== undefined) return ['read here alone', err.trim().split('\n')[0]];
    if (secrets.length > 0) return ['a secret?', secrets.join(' ')];
    return [
      stopped === Infinity ? 'read by both' : 'read, and nginx stopped at what is no matter of reading',
    ];
  } catch (error) {
    if (line !== undefined) return ['refused by both', reason(error)];
    const where = Number(/line (\d+):/.exec(reason(error))?.[1]);
    const what = where > stopped ? 'refused here, behind where nginx stopped' : 'refused here alone';
    return [what, `${reason(error)} | ${err.split('\n')[0]}`];
  }
}

const oracle = kind === 'sshd' ? new SshdOracle() : new NginxOracle();
const counts = new Map<string, number>();
for (const file of readdirSync(folder).toSorted()) {
  let found: Found;
  try {
    const text = decodeSource(readFileSync(join(folder, file)));
    found = oracle instanceof SshdOracle ? sshd(oracle, text) : nginx(oracle, text);
  } catch (error) {
    found = ['not UTF-8', reason(error)];
  }
  const [what, detail] = found;
  counts.set(what, (counts.get(what) ?? 0) + 1);
  if (detail !== undefined) console.log(`${what}: ${basename(file)}: ${detail.slice(0, 240)}`);
}
console.log(Object.fromEntries(counts));
oracle.end();
