/** `oci@1`: a signature of an image as E4, which readers check again; and whatever must not become one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { assembleProof } from '#src/claim/assemble.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { parseSignatures, SIGNATURES_TYPE, encodeSignatures } from '#src/evidence/signature-record.ts';
import { examineSignatures } from '#src/evidence/node/sigstore.ts';
import { examineSignatures as examineNowhere } from '#src/evidence/sigstore-none.ts';
import { weigh } from '#src/evidence/weigh.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import { ociProbe } from '#src/probe/oci/probe.ts';
import { signedFactsFor } from '#src/probe/signed.ts';
import type { Claim, Parameter } from '#src/statement/commitment.ts';
import { UNSAID } from '#src/declare/node/declared.ts';
import { encoded, GITHUB, RELEASE, sha256, SigstoreWorld, type Wish } from '../support/sigstore-world.ts';
import { twoPlatforms } from '../support/image-layout.ts';
import { hashOf } from '../support/statement-examples.ts';
import { runShaped } from '../support/shaped.ts';

const world = new SigstoreWorld();
const ROOT = world.trustedRoot();
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const rootDigest = (file: Buffer): string => `sha256:${sha256(file).toString('hex')}`;

interface Scene {
  readonly folder: string;
  readonly digest: string;
  readonly platform: string;
}

function scene(t: Test, wish: Wish = {}, by = world, of?: string): Scene {
  const folder = join(mkdtempSync(join(tmpdir(), 'tallystick-oci-')), 'image');
  t.teardown(() => rmSync(join(folder, '..'), { recursive: true }));
  const { layout, index, manifests } = twoPlatforms(folder);
  layout.attach(index, BUNDLE, layout.blob(by.bundle(of ?? index.digest, wish), BUNDLE));
  layout.write();
  return { folder, digest: index.digest, platform: manifests[1]?.digest ?? '' };
}

type Params = Readonly<Record<string, Parameter>>;
const paramsOf = ({ digest }: Scene, more: Params = {}): Params => ({
  image: digest,
  root: rootDigest(ROOT),
  identity: RELEASE,
  issuer: GITHUB,
  ...more,
});

const look = (at: Scene, more: Params = {}, root: string | undefined = ROOT.toString()): Promise<Observed> =>
  runShaped(ociProbe, {
    target: at.folder,
    params: parametersOf(ociProbe, new Map(Object.entries(paramsOf(at, more)))),
    challenge: hashOf('a challenge'),
    secret: () => Promise.resolve(root),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 0,
  });

function claimOf(at: Scene, more: Params = {}): Claim {
  const [claim] = packOf('image-signed', new Map(Object.entries(paramsOf(at, more))));
  if (claim === undefined) throw new Error('the pack has a claim');
  return claim;
}

function verdictOf(claim: Claim, seen: Observed): string {
  const { verdict, evidence, explain } = judgeClaim(claim, seen);
  return verdict === 'UNKNOWN' ? `UNKNOWN ${explain}` : `${verdict} ${evidence}`;
}

t.test(
  'signed by the pinned identity: PROVEN, E4; and its platform stands in the signed index',
  async (t) => {
    const at = scene(t);
    const seen = await look(at);
    t.match(seen.value, {
      image: at.digest,
      kind: 'index',
      bundles: 1,
      signed: { image: at.digest, identity: RELEASE, issuer: GITHUB },
    });
    t.equal(verdictOf(claimOf(at), seen), 'PROVEN E4');
    const platform = { ...claimOf(at), expr: `'${at.platform}' in o.oci.signed.digests` };
    t.equal(verdictOf(platform, seen), 'PROVEN E4');
    t.match(
      verdictOf({ ...claimOf(at), expr: `!('${at.platform}' in o.oci.signed.digests)` }, seen),
      'VIOLATED E4',
    );
    t.match(
      verdictOf({ ...claimOf(at), expr: `o.oci.signed.image == p.image && o.oci.kind == 'index'` }, seen),
      /^UNKNOWN/,
      'what the layout has is E1',
    );
    const lined = { ...at };
    const root = `${ROOT.toString()}\n`;
    t.equal(
      verdictOf(claimOf(lined), await look(lined, { root: rootDigest(Buffer.from(root)) }, ROOT.toString())),
      'PROVEN E4',
      'a last line end counts',
    );
  },
);

t.test('nothing else is proven, and nothing of a bundle that does not hold is said', async (t) => {
  const evil = 'https://github.com/evil/x/.github/workflows/a.yml@refs/heads/main';
  const cases: readonly (readonly [string, Scene, RegExp])[] = [
    ['wrong identity', scene(t, { identity: evil }), /another than the pinned identity signed it/],
    ['another issuer', scene(t, { issuer: 'https://evil.example' }), /another than the pinned identity/],
    ['another artefact', scene(t, {}, world, `sha256:${'0'.repeat(64)}`), /another artefact/],
    ['a newer root', scene(t, {}, new SigstoreWorld('newer')), /pin again/],
    ['unlogged', scene(t, { unlogged: true }), /says when it was signed/],
    [
      'a kind that says little',
      scene(t, { kind: 'https://evil.example/hunter2' }),
      /of a kind that does not count/,
    ],
  ];
  for (const [what, at, why] of cases) {
    const seen = await look(at);
    const told = verdictOf(claimOf(at), seen);
    t.match(told, why, what);
    t.match(told, /^UNKNOWN/);
    t.strictSame(seen.attachments, []);
    t.notMatch(JSON.stringify(seen), /evil/, 'texts of the bundle stay');
  }
  const plain = twoPlatforms(join(t.testdir({}), 'plain'));
  const unsigned = { folder: plain.layout.write(), digest: plain.index.digest, platform: '' };
  t.match(verdictOf(claimOf(unsigned), await look(unsigned)), /^UNKNOWN .*no bundle is attached/);
});

t.test('what cannot be looked at', async (t) => {
  const at = scene(t);
  await t.rejects(look(at, {}, ''), { code: 'config-invalid' });
  await t.rejects(look(at, {}, new SigstoreWorld().trustedRoot().toString()), {
    code: 'config-invalid',
    message: /another file/,
  });
  await t.rejects(look(at, { root: rootDigest(Buffer.from('{}')) }, '{}'), {
    code: 'config-invalid',
    message: /no trusted_root/,
  });
  await t.rejects(look(at, { identity: 'https://github.com/acme/*' }), {
    code: 'config-invalid',
    message: /names no repository/,
  });
  await t.rejects(look(at, { issuer: 'token.*' }), { code: 'config-invalid' });
  await t.rejects(look(at, { image: 'latest' }), { code: 'config-invalid' });
  await t.rejects(look(at, { image: `sha256:${'0'.repeat(64)}` }), {
    code: 'unavailable',
    message: /does not have this image/,
  });
  await t.rejects(look({ ...at, folder: '/nowhere-at-all' }), { code: 'unavailable' });
  await t.rejects(look({ ...at, folder: 'image' }), { code: 'config-invalid' });
  writeFileSync(join(at.folder, 'blobs/sha256', at.digest.slice(7)), 'hunter2');
  await t.rejects(look(at), { code: 'unavailable', message: /other bytes/ });
  t.throws(
    () => claimOf(at, { identity: 'https://github.com/acme/*' }),
    { message: /names no repository/ },
    'when it is committed, too',
  );
});

/** Weighs a result as a reader does, under a claim whose parameters may be others. */
async function weighed(seen: Observed, claim: Claim, attachments = seen.attachments) {
  const frame = {
    commitment: hashOf('commitment'),
    agent: { name: 'agent', version: '1' },
    seq: 0,
    challenge: { origin: 'log.example', size: 3, root: hashOf('root'), nonce: new Uint8Array(16) },
    window: { start: 1, end: 2 },
    cost: { cpuUs: 1, wallUs: 2, bytes: 3 },
    nextDue: 3_600,
  };
  const { proof } = assembleProof(
    frame,
    [{ claims: [claim], seen: { ...seen, attachments } }],
    { leaves: 9, excluded: 0 },
    hashOf('salt'),
  );
  const [result] = proof.results;
  if (result === undefined) throw new Error('the proof has a result');
  const parsed = { kind: 'proof' as const, proof } as unknown as Parameters<typeof weigh>[0]['parsed'];
  const declaration = { ...UNSAID, claims: [claim] } as unknown as Parameters<typeof weigh>[3]['declaration'];
  return weigh({ parsed }, result, claim, {
    declaration,
    subject: 's',
    between: { from: undefined, to: 2 },
    signed: signedFactsFor,
  });
}

t.test('readers check the bundle in the proof again', async (t) => {
  const at = scene(t);
  const claim = claimOf(at);
  const seen = await look(at);
  t.match(await weighed(seen, claim), { fault: undefined, unchecked: undefined });
  const [own] = seen.attachments;
  if (own === undefined) throw new Error('the bundle is attached');
  const record = parseSignatures(own.data);
  const other = new SigstoreWorld('agents-own');
  const forged = (change: object) => [
    { mediaType: SIGNATURES_TYPE, data: encodeSignatures({ ...record, ...change }) },
  ];
  const rootOfAgent = { root: other.trustedRoot(), bundles: [{ bundle: encoded(other.bundle(at.digest)) }] };
  const evil = { identity: 'https://github.com/evil/x/.github/workflows/a.yml@refs/heads/main' };
  const cases = [
    ['a root that the agent made', rootOfAgent, /not the one that the commitment names/],
    [
      "a stranger's bundle",
      { bundles: [{ bundle: encoded(world.bundle(at.digest, evil)) }] },
      /another than the pinned/,
    ],
    [
      'a bundle of another image',
      { bundles: [{ bundle: encoded(world.bundle(at.platform)) }] },
      /another artefact/,
    ],
    ['a bundle under another root', { bundles: [{ bundle: encoded(other.bundle(at.digest)) }] }, /pin again/],
  ] as const;
  for (const [what, change, why] of cases)
    t.match((await weighed(seen, claim, forged(change))).fault, why, what);
  t.match(
    (await weighed(seen, claim, [{ mediaType: SIGNATURES_TYPE, data: new Uint8Array([0]) }])).fault,
    /does not hold/,
  );
  t.match((await weighed(seen, claim, [{ ...own, mediaType: 'text/plain' }])).unchecked, /not in the log/);
  // The agent says E4 of a platform that the index does not name.
  const lying = {
    ...claim,
    params: new Map([...(claim.params ?? []), ['image', `sha256:${'1'.repeat(64)}`]]),
  };
  t.match((await weighed(seen, lying)).fault, /another artefact/);
  const strangers = {
    ...claim,
    params: new Map([...(claim.params ?? []), ['identity', 'https://github.com/acme/*']]),
  };
  t.match(
    (await weighed(seen, strangers)).fault,
    /names no repository/,
    'a pattern that somebody committed past our commit',
  );
  const absent = { ...claim, expr: `!('sha256:0' in o.oci.signed.digests) && !has(o.oci.signed.nothing)` };
  t.match(verdictOf(absent, seen), /^UNKNOWN/, 'absence is signed by nobody');
});

t.test('where there is no Node nothing is checked, and nothing counts', async (t) => {
  const at = scene(t);
  const seen = await look(at);
  const proof = { attachments: seen.attachments, window: { start: 1, end: 2 } } as never;
  t.match(await examineSignatures({ proof, result: { attachments: [0] } }, claimOf(at)), { kind: 'signed' });
  t.match(await examineNowhere({ proof, result: { attachments: [0] } }, claimOf(at)), {
    kind: 'unseen',
    why: /not checked in this browser/,
  });
});
