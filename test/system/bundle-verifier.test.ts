/**
 * The single-file verifier in each Node, and what stock tools do with a bundle: VERIFY-BY-HAND.md is run as it stands. The time
 * zone, the language and the place change no byte.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { verdictJson } from '#src/audit/bundle/verdict-json.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import { readContainer } from '#src/audit/zip/read.ts';
import { decodeUtf8 } from '#src/bytes/text.ts';
import { bundleVerifier } from '../../src/build/verifier.ts';
import { env, findNode, OLD_NODES } from '../packed/nodes.ts';
import { bundleOf, fourDays, trust } from '../support/bundle-world.ts';
import { POLICY } from '../support/past-world.ts';

t.setTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), 'tallystick-bundle-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const nodes = Promise.all(OLD_NODES.map(findNode));

t.test('the same verdict in each Node, from two builds that are the same', async (t) => {
  const w = await fourDays(t);
  bundleVerifier(at('verify.mjs'));
  bundleVerifier(at('again.mjs'));
  const verifier = readFileSync(at('verify.mjs'));
  t.ok(verifier.equals(readFileSync(at('again.mjs'))), 'deterministic');
  t.notMatch(verifier.toString(), new RegExp(process.cwd()), 'it names no path of this machine');
  const bytes = await bundleOf(w, { verifier });
  writeFileSync(at('audit.zip'), bytes);
  writeFileSync(at('trust.txt'), POLICY);
  const expected = JSON.parse(
    JSON.stringify(verdictJson(await verifyBundle(bytes, { trust, trustFrom: 'trust.txt' }))),
  );
  t.equal(expected.result, 'VERIFIED');
  const run = (node: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    spawnSync(node, [at('verify.mjs'), ...args], { encoding: 'utf8', cwd: folder, env: { ...env, ...more } });
  for (const [i, node] of [...(await nodes), process.execPath].entries()) {
    const name = `Node ${OLD_NODES[i] ?? process.versions.node}`;
    if (node === undefined) {
      t.comment(`there is no ${name}`);
      continue;
    }
    const { status, stdout, stderr } = run(node, ['audit.zip', '--policy', 'trust.txt', '--json']);
    t.equal(status, 0, `${name}: ${stderr}`);
    t.strictSame(JSON.parse(stdout), expected, name);
  }
  const elsewhere = { TZ: 'Pacific/Apia', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' };
  t.match(
    run(process.execPath, ['audit.zip', '--policy', 'trust.txt'], elsewhere).stdout,
    /\nVERIFIED, AUTHENTIC under your policy/,
  );
  const own = run(process.execPath, ['audit.zip']);
  t.match(own, { status: 5, stdout: /INTERNALLY CONSISTENT, UNDER THE KEYS OF THE FILE ITSELF/ });
  writeFileSync(at('damaged.zip'), bytes.with(5000, (bytes[5000] ?? 0) ^ 1));
  t.match(run(process.execPath, ['damaged.zip', '--policy', 'trust.txt']), {
    status: 3,
    stdout: /NOT VERIFIED/,
  });
  t.match(run(process.execPath, ['no.zip']), { status: 1, stderr: /no\.zip/ });
  t.match(run(process.execPath, []), { status: 1, stderr: /node verify\.mjs FILE\.zip/ });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const skip = !hasOpenssl && 'there is no openssl';

t.test('VERIFY-BY-HAND.md holds to the letter', { skip }, async (t) => {
  const w = await fourDays(t);
  const files = readContainer(await bundleOf(w));
  const place = at('unpacked');
  for (const [name, content] of files) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), content);
  }
  const page = decodeUtf8(files.get('VERIFY-BY-HAND.md') ?? new Uint8Array());
  const scripts = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, script = '']) => script);
  t.equal(scripts.length, 4);
  const said = scripts.map((script) =>
    execFileSync('sh', ['-eu', '-c', script], { encoding: 'utf8', cwd: place }),
  );
  t.match(said[0], /manifest\.json: OK/);
  t.match(said[1], /^Signature Verified Successfully\n$/);
  t.match(said[2], /^Signature Verified Successfully\n.* 2027\nSignature Verified Successfully\n.* 2027\n$/);
  const [, id = '?'] = /has the id `([0-9a-f]{64})`/.exec(page) ?? [];
  t.match(said[3], new RegExp(`^${id}  entry.cose\n[0-9a-f]{64}  -\n$`));
  const [, head = ''] = scripts;
  const forged = head.replace('> head.txt', "| sed 's/^27$/28/' > head.txt");
  t.throws(() => execFileSync('sh', ['-eu', '-c', forged], { cwd: place, stdio: 'ignore' }), 'another size');
});
