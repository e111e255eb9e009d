/** Sigstore bundles under a pinned root and identity: what holds, and every forgery that a bundle can be. */
import t from 'tap';
import { assertSignerPin, isPinned } from '#src/evidence/certificate-identity.ts';
import { checkBundle, checkSignatures, readTrustedRoot, verifyBundle } from '#src/evidence/node/sigstore.ts';
import {
  encoded,
  GITHUB,
  keys,
  RELEASE,
  sha256,
  SIGNED_AT,
  SigstoreWorld,
  type MadeBundle,
  type MadeEntry,
  type Wish,
} from '../support/sigstore-world.ts';

const world = new SigstoreWorld();
const root = readTrustedRoot(world.trustedRoot());
const IMAGE = `sha256:${'a1'.repeat(32)}`;
const PIN = { identity: RELEASE, issuer: GITHUB };
const check = (bundle: object, pin = PIN, under = root) =>
  checkBundle({ bundle: encoded(bundle) }, under, pin);

t.test('a bundle of the pinned identity holds', async (t) => {
  t.match(check(world.bundle(IMAGE)), {
    kind: 'signed',
    identity: RELEASE,
    issuer: GITHUB,
    statement: { digests: [IMAGE] },
  });
  const pattern = { ...PIN, identity: 'https://github.com/acme/shop/.github/workflows/*@refs/tags/*' };
  t.equal(check(world.bundle(IMAGE), pattern).kind, 'signed');
  t.equal(check(world.bundle(IMAGE, { kind: 'https://slsa.dev/provenance/v1' })).kind, 'signed');
  const mail = { identity: 'ada@example.org', issuer: 'https://accounts.example' };
  t.equal(check(world.bundle(IMAGE, mail), mail).kind, 'signed');
});

t.test('forged or strange bundles do not hold', async (t) => {
  const other = new SigstoreWorld('other');
  const evil = 'https://github.com/evil/shop/.github/workflows/release.yml@refs/tags/v1.2.0';
  const cases: readonly (readonly [what: string, bundle: object, why: RegExp])[] = [
    [
      'right root, wrong identity',
      world.bundle(IMAGE, { identity: evil }),
      /another than the pinned identity/,
    ],
    [
      'an identity that contains the pinned one',
      world.bundle(IMAGE, { identity: `https://evil.example/${RELEASE}` }),
      /another than the pinned identity/,
    ],
    [
      'another issuer',
      world.bundle(IMAGE, { issuer: 'https://token.evil.example' }),
      /another than the pinned identity/,
    ],
    [
      'unlogged',
      world.bundle(IMAGE, { unlogged: true }),
      /says when it was signed|not in a transparency log/,
    ],
    ['certificate timestamp by another key', world.bundle(IMAGE, { timestamper: keys() }), /certificate/],
    ['no certificate timestamp', world.bundle(IMAGE, { withoutTimestamp: true }), /certificate/],
    ['logged after the certificate had ended', world.bundle(IMAGE, { at: SIGNED_AT + 3_600 }), /certificate/],
    [
      'another kind of statement',
      world.bundle(IMAGE, { kind: 'https://in-toto.io/attestation/test-result/v0.1' }),
      /does not count/,
    ],
    [
      'no in-toto statement',
      world.bundle(IMAGE, { statementType: 'https://example.org/Thing' }),
      /no in-toto statement/,
    ],
    ['another payload type', world.bundle(IMAGE, { payloadType: 'text/plain' }), /no in-toto statement/],
    ['another CA, log and log of certificates', other.bundle(IMAGE), /pin again/],
    ['not JSON', Buffer.from('{'), /no Sigstore bundle/],
  ];
  for (const [what, bundle, why] of cases) {
    const found = Buffer.isBuffer(bundle) ? checkBundle({ bundle }, root, PIN) : check(bundle);
    t.not(found.kind, 'signed', what);
    t.match(found, { why }, what);
  }
});

t.test('each part that is exchanged or flipped is found', async (t) => {
  const made = world.bundle(IMAGE);
  const others = world.bundle(`sha256:${'b2'.repeat(32)}`);
  const entryOf = ({ verificationMaterial: { tlogEntries } }: MadeBundle): MadeEntry => {
    const [entry] = tlogEntries;
    if (entry === undefined) throw new Error('the bundle has no entry of a log');
    return entry;
  };
  const swaps: Readonly<Record<string, (a: MadeBundle, b: MadeBundle) => void>> = {
    certificate: (a, b) =>
      Object.assign(a.verificationMaterial, { certificate: b.verificationMaterial.certificate }),
    promise: (a, b) => (entryOf(a).inclusionPromise = entryOf(b).inclusionPromise),
    'proof of inclusion': (a, b) => (entryOf(a).inclusionProof = entryOf(b).inclusionProof),
    'entry of the log': (a, b) => (entryOf(a).canonicalizedBody = entryOf(b).canonicalizedBody),
    entries: (a, b) => (a.verificationMaterial.tlogEntries = b.verificationMaterial.tlogEntries),
    payload: (a, b) => (a.dsseEnvelope.payload = b.dsseEnvelope.payload),
    signature: (a, b) => (a.dsseEnvelope.signatures = b.dsseEnvelope.signatures),
    envelope: (a, b) => (a.dsseEnvelope = b.dsseEnvelope),
    time: (a) => (entryOf(a).integratedTime = '5'),
    place: (a) => (entryOf(a).logIndex = '5'),
  };
  for (const [what, swap] of Object.entries(swaps)) {
    const swapped = structuredClone(made);
    swap(swapped, others);
    t.equal(check(swapped).kind, 'wrong', `exchanged: ${what}`);
  }
  const twice = structuredClone(made);
  twice.dsseEnvelope.signatures.push(...others.dsseEnvelope.signatures);
  t.equal(check(twice).kind, 'wrong', 'two signatures');
  const bare = structuredClone(made);
  bare.verificationMaterial = {
    publicKey: { hint: 'x' },
    tlogEntries: made.verificationMaterial.tlogEntries,
  };
  t.match(check(bare), { kind: 'wrong', why: /bare key/ });
});

t.test('a root that has ended, lost a log, or is another', async (t) => {
  const ended = new SigstoreWorld('ended', SIGNED_AT - 1);
  const expired = readTrustedRoot(ended.trustedRoot());
  t.match(
    check(ended.bundle(IMAGE), PIN, expired),
    { kind: 'wrong', why: /certificate/ },
    'the CA had ended when it signed',
  );
  for (const [list, why] of [
    ['tlogs', /a transparency log.*pin again/],
    ['ctlogs', /a log of certificates.*pin again/],
    ['certificateAuthorities', /a certificate authority.*pin again/],
  ] as const) {
    const older = rootOf(world);
    older[list] = rootOf(new SigstoreWorld('newer'))[list];
    const found = check(world.bundle(IMAGE), PIN, readTrustedRoot(encoded(older)));
    t.match(found, { kind: 'newer', why }, list);
  }
  const [first] = rootOf(world).tlogs;
  const { validFor: _, ...endless } = first?.publicKey ?? {};
  const damages: readonly Partial<MadeRoot>[] = [
    { tlogs: [] },
    { certificateAuthorities: [] },
    { mediaType: 'text/plain' },
    { tlogs: [{ ...first, publicKey: endless }] },
    { ctlogs: [{ ...first, publicKey: { ...endless, validFor: {} } }] },
    { certificateAuthorities: rootOf(world).certificateAuthorities.map(({ validFor: __, ...rest }) => rest) },
  ];
  for (const damage of damages)
    t.throws(() => readTrustedRoot(encoded({ ...rootOf(world), ...damage })), {
      code: 'malformed-text',
      message: /trusted_root/,
    });
});

interface MadeRoot {
  mediaType: string;
  tlogs: { publicKey?: { validFor?: object } }[];
  ctlogs: { publicKey?: { validFor?: object } }[];
  certificateAuthorities: { validFor?: object }[];
}

function rootOf(of: SigstoreWorld): MadeRoot {
  const parsed: MadeRoot = JSON.parse(of.trustedRoot().toString());
  return parsed;
}

t.test('patterns must name the repository', async (t) => {
  const at = 'https://github.com/acme/shop/.github/workflows/';
  for (const identity of [
    RELEASE,
    `${at}*`,
    `${at}*@refs/tags/*`,
    'ada@example.org',
    'https://gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/*',
    'https://gitlab.com/a/b/c//*',
  ])
    t.doesNotThrow(() => assertSignerPin({ identity, issuer: GITHUB }), identity);
  for (const identity of [
    '*',
    'https://*',
    'https://github.com/*',
    'https://github.com/acme/*',
    'https://github.com/acme/shop*',
    'https://github.com/acme/shop/*',
    'https://github.com/acme/*/.github/workflows/release.yml@refs/heads/main',
    'https://gitlab.com/acme/*//x',
    'https://gitlab.com/acme//*',
    'http://github.com/acme/shop/.github/workflows/*',
    '*@example.org',
    '',
    'a b',
  ])
    t.throws(() => assertSignerPin({ identity, issuer: GITHUB }), { code: 'config-invalid' }, identity);
  for (const issuer of [
    '',
    '*',
    'https://*',
    'https://token.*',
    'token.actions.githubusercontent.com',
    'http://a.example',
  ])
    t.throws(() => assertSignerPin({ identity: RELEASE, issuer }), { code: 'config-invalid' }, issuer);

  const fits = (pattern: string, identity: string): boolean =>
    isPinned({ identity: pattern, issuer: GITHUB }, identity, GITHUB);
  t.ok(fits(`${at}*@refs/tags/*`, `${at}release.yml@refs/tags/a@1.0.0`), 'a tag may have an @');
  t.notOk(
    fits(`${at}*@refs/tags/*`, `${at}release.yml@refs/heads/x@refs/tags/v1`),
    'a branch named like a tag',
  );
  t.notOk(fits(`${at}*@refs/tags/*`, `${at}@refs/tags/v1`), '* is at least one character');
  t.notOk(fits(`${at}*@refs/heads/main`, `${at}a.yml@refs/heads/x@refs/heads/main`));
  t.ok(fits(`${at}*@refs/heads/main`, `${at}a.yml@refs/heads/main`));
  t.notOk(fits(`${at}*`, 'https://github.com/acme/shop-evil/.github/workflows/a.yml@refs/heads/main'));
  t.notOk(fits(RELEASE.replaceAll('.', '?'), RELEASE), 'nothing but * is special');
  t.notOk(isPinned(PIN, RELEASE, `${GITHUB}/`), 'the issuer is exact');
});

t.test('a record: its root must be the pinned one, and its bundle about the image', async (t) => {
  const file = world.trustedRoot();
  const pin = {
    ...PIN,
    image: IMAGE,
    root: `sha256:${sha256(file).toString('hex')}`,
    kinds: ['https://sigstore.dev/cosign/sign/v1'],
  };
  const bundles = [{ bundle: encoded(world.bundle(IMAGE)) }];
  t.match(checkSignatures({ root: file, bundles }, pin), { kind: 'signed', digests: [IMAGE] });
  const own = new SigstoreWorld('agents-own');
  t.match(
    checkSignatures({ root: own.trustedRoot(), bundles: [{ bundle: encoded(own.bundle(IMAGE)) }] }, pin),
    { kind: 'wrong', why: /not the one that the commitment names/ },
    'who brings a root of his own signs whatever he likes',
  );
  const another = { bundle: encoded(world.bundle(`sha256:${'b2'.repeat(32)}`)) };
  t.match(checkSignatures({ root: file, bundles: [another] }, pin), {
    kind: 'wrong',
    why: /another artefact/,
  });
  t.equal(
    checkSignatures({ root: file, bundles: [another, ...bundles] }, pin).kind,
    'signed',
    'one of them is enough',
  );
  const newer = { bundle: encoded(own.bundle(IMAGE)) };
  t.match(checkSignatures({ root: file, bundles: [newer] }, pin), { kind: 'newer', why: /pin again/ });

  // The index is signed, and the platform's manifest stands in it.
  const index = Buffer.from(JSON.stringify({ manifests: [{ digest: IMAGE, mediaType: 'm' }] }));
  const digest = `sha256:${sha256(index).toString('hex')}`;
  const ofIndex = [{ bundle: encoded(world.bundle(digest)) }];
  t.equal(checkSignatures({ root: file, bundles: ofIndex, index }, pin).kind, 'signed');
  t.equal(
    checkSignatures({ root: file, bundles: ofIndex }, pin).kind,
    'wrong',
    'without the index nothing ties them',
  );
  const forged = Buffer.from(JSON.stringify({ manifests: [{ digest: IMAGE, mediaType: 'n' }] }));
  t.equal(
    checkSignatures({ root: file, bundles: ofIndex, index: forged }, pin).kind,
    'wrong',
    'an index that nobody signed',
  );
});

t.test('strange bytes are refused and never thrown', async (t) => {
  const made = encoded(world.bundle(IMAGE)).toString();
  const wishes: readonly Wish[] = [{ identity: '' }, { issuer: '' }];
  for (const wish of wishes) t.not(check(world.bundle(IMAGE, wish)).kind, 'signed');
  for (let at = 0; at < made.length; at += 97) {
    const bytes = Buffer.from(`${made.slice(0, at)}${made[at] === 'A' ? 'B' : 'A'}${made.slice(at + 1)}`);
    const found = verifyBundle({ bundle: bytes }, root);
    t.ok(['signer', 'newer', 'wrong'].includes(found.kind));
  }
  for (const bytes of [
    'null',
    '[]',
    '{}',
    '1',
    '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}',
  ])
    t.equal(verifyBundle({ bundle: Buffer.from(bytes) }, root).kind, 'wrong', bytes);
});
