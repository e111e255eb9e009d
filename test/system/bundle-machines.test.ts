/**
 * The same bundles from other machines: Node 20, 22, 24 and this one, other time zones, languages, masks of new files and working
 * directories. Each of them makes the same bytes.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild-wasm';
import t from 'tap';
import { env, findNode, OLD_NODES } from '../packed/nodes.ts';

t.setTimeout(400_000);

const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'tallystick-machines-'));
t.teardown(() => rmSync(folder, { recursive: true }));

/** What the tests' own helpers take from newer Nodes; the program has none of it. */
const OLDER = `
Uint8Array.prototype.toHex ??= function () { return Buffer.from(this).toString('hex'); };
Uint8Array.fromHex ??= (text) => new Uint8Array(Buffer.from(text, 'hex'));
`;

const PLACES: readonly NodeJS.ProcessEnv[] = [
  { TZ: 'UTC', LC_ALL: 'C' },
  { TZ: 'Pacific/Apia', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' },
  { TZ: 'America/St_Johns', LC_ALL: 'ar_EG.UTF-8', LANG: 'ar_EG.UTF-8' },
];

t.test('the same bytes everywhere', async (t) => {
  const program = join(folder, 'digests.mjs');
  await build({
    entryPoints: [join(ROOT, 'test/support/bundle-digests.ts')],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:*'],
    target: 'node20',
    banner: { js: OLDER },
    absWorkingDir: ROOT,
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'run.sh'), 'umask "$1"; shift; exec "$@"\n');
  const nodes = [...(await Promise.all(OLD_NODES.map(findNode))), process.execPath];
  // All at once: each of them has a process of its own.
  const runs = nodes.map((node, i) => (node === undefined ? undefined : digests(node, program, i)));
  let expected: Digests | undefined;
  for (const [i, run] of runs.entries()) {
    const name = `Node ${OLD_NODES[i] ?? process.versions.node}`;
    if (run === undefined) {
      t.comment(`there is no ${name}`);
      continue;
    }
    const found = await run;
    expected ??= found;
    t.strictSame(found, expected, `${name}, ${placeOf(i)['TZ'] ?? ''}, umask ${maskOf(i)}`);
  }
  t.equal(expected?.['fault'], undefined);
  t.ok(Object.keys(expected ?? {}).length >= 12);
  const [first, turned] = Object.values(expected ?? {});
  t.equal(first, turned, 'in whatever order the files are handed over');
});

type Digests = Readonly<Record<string, string>>;

const maskOf = (i: number): string => (i % 2 === 0 ? '022' : '077');
const placeOf = (i: number): NodeJS.ProcessEnv => PLACES[i % PLACES.length] ?? {};

async function digests(node: string, program: string, i: number): Promise<Digests> {
  try {
    const { stdout } = await promisify(execFile)('sh', [join(folder, 'run.sh'), maskOf(i), node, program], {
      encoding: 'utf8',
      cwd: i % 2 === 0 ? folder : '/',
      env: { ...env, ...placeOf(i) },
    });
    return JSON.parse(stdout);
  } catch (error) {
    return { fault: String(error) };
  }
}
