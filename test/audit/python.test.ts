/**
 * Two verifiers of bundles, one in TypeScript and one that was written in Python from the specification alone: they find the same
 * check to fail, of good bundles and of bundles in which one thing is wrong. Where two disagree, the specification is wrong.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeBundle } from '#src/audit/bundle/make.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import { readContainer } from '#src/audit/zip/read.ts';
import { decodeUtf8, encodeUtf8 } from '#src/bytes/text.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { filesAmiss, type Amiss } from '../support/bundle-amiss.ts';
import { logsAmiss } from '../support/bundle-amiss-log.ts';
import { bundleOf, fourDays } from '../support/bundle-world.ts';
import { goldenHalfYear, PERIOD } from '../support/golden-half-year.ts';
import { POLICY } from '../support/past-world.ts';
import { readerOf, storyTrust } from '../support/bundle-raw.ts';

/** Runs the verifier on many files: one JSON line each, of its exit code and what it printed. */
const MANY = `
import contextlib, io, json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_bundle
for path in sys.argv[3:]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = verify_bundle.main([path, "--policy", sys.argv[2]] if sys.argv[2] else [path])
    print(json.dumps([code, out.getvalue()]))
`;

interface Said {
  readonly code: number;
  readonly text: string;
  /** The first failed check. */
  readonly failed: string | undefined;
}

const dir = mkdtempSync(join(tmpdir(), 'tallystick-python-'));
t.teardown(() => rmSync(dir, { recursive: true }));

function python(bundles: readonly Uint8Array[], policy: string | undefined): readonly Said[] {
  const files = bundles.map((bytes, i) => {
    const file = join(dir, `${i}.zip`);
    writeFileSync(file, bytes);
    return file;
  });
  const trust = policy === undefined ? '' : join(dir, 'reader.policy');
  if (policy !== undefined) writeFileSync(trust, policy);
  const here = join(import.meta.dirname, 'python');
  const { status, stdout, stderr } = spawnSync('python3', ['-c', MANY, here, trust, ...files], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`python3: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [code, text]: [number, string] = JSON.parse(line);
      return { code, text, failed: /^([a-z ]+): failed: /m.exec(text)?.[1] };
    });
}

const has = spawnSync('python3', ['-c', 'import cryptography; print(cryptography.__version__)'], {
  encoding: 'utf8',
});
const skip = has.status === 0 ? false : 'no python3 with cryptography (python3-cryptography)';
if (has.status === 0) t.comment(`cryptography ${has.stdout.trim()}`);

t.test('good bundles: the same words', { skip }, async (t) => {
  const four = await bundleOf(await fourDays(t));
  const { story } = await goldenHalfYear();
  const snapshot = await readerOf(story).snapshot();
  const asked = { subjects: [story.subject], period: PERIOD, madeWith: '0.0.0' };
  const half = await makeBundle({ snapshot, trust: storyTrust, ...asked });
  t.comment(`the half year has ${readContainer(half).size} files and ${half.length} bytes`);
  for (const [bundle, policy] of [
    [four, POLICY],
    [half, decodeUtf8(readContainer(half).get('trust.txt') ?? new Uint8Array())],
  ] as const) {
    const { result } = await verifyBundle(bundle, { trust: trustPolicy(encodeUtf8(policy)) });
    t.equal(result, 'verified');
    const [own] = python([bundle], policy);
    const [without] = python([bundle], undefined);
    t.match(own, { code: 6, text: /\nENTRIES AUTHENTIC, SUMMARIES NOT COMPARED\n$/ });
    t.match(own?.text, /^made again: not checked: histories/m);
    t.match(without, { code: 5, text: /\nINTERNALLY CONSISTENT, UNDER THE KEYS OF THE FILE ITSELF\n$/ });
  }
});

/** Compares the first failed check of both with what the case says. */
async function same(t: Test, cases: readonly Amiss[], policy: string): Promise<void> {
  const trust = trustPolicy(encodeUtf8(policy));
  const said = python(
    cases.map(({ bundle }) => bundle),
    policy,
  );
  for (const [i, { what, bundle, check }] of cases.entries()) {
    const { checks } = await verifyBundle(bundle, { trust });
    const failed = checks.find(({ outcome }) => outcome === 'failed');
    const other = said[i];
    const details = `${failed?.name}: ${failed?.detail} | ${other?.text.split('\n').slice(-3, -1).join(' ')}`;
    t.strictSame(
      { ts: failed?.name, python: other?.failed },
      { ts: check, python: check },
      `${what}: ${details}`,
    );
  }
}

t.test('files in which one thing is wrong', { skip }, async (t) => {
  const bundle = await bundleOf(await fourDays(t));
  await same(t, filesAmiss(bundle), POLICY);
});

t.test('logs in which one thing is wrong', { skip }, async (t) => {
  await same(t, await logsAmiss(), POLICY);
});
