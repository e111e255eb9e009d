/**
 * Good bundles of many kinds, under the policy of their reader and under others: the command's code with native kernels, the
 * single-file verifier under Node 20, the same code in Chromium, and the verifier in Python come to one verdict with the same
 * numbers. The Python one makes no histories: it is compared as far as the checks that it makes.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { verdictJson } from '#src/audit/bundle/verdict-json.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { chooseVerifier } from '#src/workers/kernels.ts';
import { bundleVerifier } from '../../src/build/verifier.ts';
import { env, findNode } from '../packed/nodes.ts';
import { goodBundles, type Good } from '../support/bundle-good.ts';
import { forkedNotice } from '../support/bundle-amiss-log.ts';
import type { Order } from '../support/bundle-page.ts';
import { bundlePage, CHROMIUM, openPage } from '../support/chromium.ts';

t.setTimeout(400_000);

const folder = mkdtempSync(join(tmpdir(), 'tallystick-verifiers-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

type Verdict = ReturnType<typeof verdictJson>;

/** The bundles of one log, each under the policies of the others; and one under no monitor. */
async function crossed(good: readonly Good[]): Promise<readonly Good[]> {
  const named = (what: string): Good => {
    const found = good.find((each) => each.what === what);
    if (found === undefined) throw new Error(`no bundle of ${what}`);
    return found;
  };
  const policies = ['no witness', 'one witness', 'two witnesses', 'a nested quorum'].map(named);
  const believed = named("a monitor's inventory that the reader believes");
  const bundle = await forkedNotice();
  const fork = { what: 'a head of another history in a notice', bundle, monitors: [] };
  return [
    { ...fork, policy: named('two witnesses').policy },
    { ...fork, what: `${fork.what}, read with no witness`, policy: named('no witness').policy },
    ...policies.flatMap((each) =>
      policies
        .filter((other) => other !== each)
        .map((other) => ({ ...each, what: `${each.what}, read with ${other.what}`, policy: other.policy })),
    ),
    { ...believed, what: `${believed.what}, and who is not believed here`, monitors: [] },
  ];
}

const cases = (async (): Promise<readonly { readonly good: Good; readonly expected: Verdict }[]> => {
  const good = await goodBundles();
  const verify = chooseVerifier();
  return Promise.all(
    [...good, ...(await crossed(good))].map(async (each, i) => {
      writeFileSync(at(`${i}.zip`), each.bundle);
      writeFileSync(at(`${i}.txt`), each.policy);
      const trust = trustPolicy(encodeUtf8(each.policy));
      const verdict = await verifyBundle(each.bundle, { trust, verify, monitors: new Set(each.monitors) });
      const isOwn = i < good.length;
      if (isOwn) t.equal(verdict.result, 'verified', each.what);
      return { good: each, expected: JSON.parse(JSON.stringify(verdictJson(verdict))) as Verdict };
    }),
  );
})();

t.test('the single-file verifier under Node 20', async (t) => {
  const node = await findNode(20);
  if (node === undefined) {
    t.comment('there is no Node 20');
    return;
  }
  bundleVerifier(at('verify.mjs'));
  for (const [i, { good, expected }] of (await cases).entries()) {
    const monitors = good.monitors.flatMap((kid) => ['--monitor', kid]);
    const args = [at('verify.mjs'), at(`${i}.zip`), '--policy', at(`${i}.txt`), '--json', ...monitors];
    const { stdout, stderr } = spawnSync(node, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
    const said = JSON.parse(stdout.replaceAll(`, from ${at(`${i}.txt`)}`, '')) as Verdict;
    t.strictSame({ ...said, policy_from: null }, expected, `${good.what} ${stderr}`);
  }
});

t.test('the same code in Chromium', { skip: CHROMIUM === undefined && 'there is no chromium' }, async (t) => {
  const script = await bundlePage('test/support/bundle-page.ts');
  const all = await cases;
  const orders = all.map(({ good: { monitors } }, i): Order => ({
    bundle: `${i}.zip`,
    policy: `${i}.txt`,
    monitors,
  }));
  const { promise, resolve } = Promise.withResolvers<readonly Verdict[]>();
  const server = createServer(async (request, response) => {
    const path = request.url ?? '/';
    if (request.method === 'POST') {
      resolve(JSON.parse(await text(request)) as readonly Verdict[]);
      response.end();
    } else if (path === '/') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><meta charset="utf-8"><script type="module" src="page.js"></script>');
    } else if (path === '/page.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(script);
    } else if (path === '/orders.json') response.end(JSON.stringify(orders));
    else if (/^\/\d+\.(?:zip|txt)$/.test(path)) response.end(readFileSync(at(path.slice(1))));
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  const browser = openPage(`http://localhost:${port}/`, at('profile'));
  const found = await Promise.race([promise, browser.ended]);
  await browser.stop();
  if (!Array.isArray(found)) throw new Error('the browser ended before it said anything');
  for (const [i, { good, expected }] of all.entries()) t.strictSame(found[i], expected, good.what);
});

/** One check as the Python verifier prints it. */
const PRINTED = /^([a-z ]+): (ok|not checked|failed)\b/gm;
const OUTCOMES = { ok: 'ok', skipped: 'not checked', failed: 'failed' } as const;

/** Checks that the Python verifier does not make whole. */
const LEFT_OUT: readonly string[] = ['history', 'made again', 'verifier'];

const python = spawnSync(
  'python3',
  ['-c', 'from cryptography.hazmat.primitives.asymmetric import mldsa; mldsa.MLDSA44PrivateKey.generate()'],
  { encoding: 'utf8' },
);
const hasCryptography = spawnSync('python3', ['-c', 'import cryptography']).status === 0;
const skip = !hasCryptography && 'no python3 with cryptography (python3-cryptography)';

t.test('the verifier in Python', { skip }, async (t) => {
  const program = join(import.meta.dirname, '../audit/python/verify_bundle.py');
  if (python.status !== 0)
    t.comment('cryptography has no ML-DSA-44: bundles that rest on it are passed over');
  for (const [i, { good, expected }] of (await cases).entries()) {
    if (python.status !== 0 && good.what.includes('ML-DSA-44')) continue;
    const args = ['-B', program, at(`${i}.zip`), '--policy', at(`${i}.txt`)];
    const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8' });
    if (python.status !== 0 && /no ML-DSA-44/.test(stdout)) continue;
    const said = [...stdout.matchAll(PRINTED)].map(([, name, outcome]) => [name, outcome] as const);
    const wanted = expected.checks
      .filter(({ name }, place, list) => list.findIndex((each) => each.name === name) === place)
      .map(({ name, outcome }) => [name, OUTCOMES[outcome]] as const);
    const known = (list: readonly (readonly [string | undefined, string | undefined])[]) =>
      new Map(list.filter(([name]) => !LEFT_OUT.includes(name ?? '')));
    // The other one tells of openings and people also where there are none.
    const told = known(said);
    const asked = known(wanted);
    for (const name of ['openings', 'people']) if (!asked.has(name)) told.delete(name);
    t.strictSame(Object.fromEntries(told), Object.fromEntries(asked), `${good.what} ${stderr}`);
    const failed = expected.checks.find(({ outcome }) => outcome === 'failed')?.name;
    const isSeen = failed !== undefined && !LEFT_OUT.includes(failed);
    t.equal(status, isSeen ? 3 : 6, good.what);
    t.equal(
      /^entries: ok \((\d+)/m.exec(stdout)?.[1],
      numberIn(expected, 'entries'),
      `${good.what}: entries`,
    );
    t.equal(/^heads: ok \((\d+)/m.exec(stdout)?.[1], numberIn(expected, 'heads'), `${good.what}: heads`);
  }
});

/** The first number that a check says. */
function numberIn({ checks }: Verdict, name: string): string | undefined {
  const found = checks.find((each) => each.name === name);
  return found?.outcome === 'ok' ? /^(\d+)/.exec(found.detail)?.[1] : undefined;
}
