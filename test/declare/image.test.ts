/** `commit oci`: an image layout as leaves; layouts that two programs would read differently; what is attached, signed and not. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { imageSource, type ImageAsked } from '#src/declare/node/oci/index.ts';
import { GITHUB, RELEASE, SigstoreWorld } from '../support/sigstore-world.ts';
import { INDEX, LayoutMaker, MANIFEST, twoPlatforms } from '../support/image-layout.ts';

const world = new SigstoreWorld();
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SPDX = 'https://spdx.dev/Document/v2.3';
const BILL = {
  packages: [
    {
      name: 'zlib',
      versionInfo: '1.3',
      externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:deb/debian/zlib@1.3?arch=amd64' }],
    },
    { name: 'shop', versionInfo: '1.2.0' },
  ],
};

interface Place {
  readonly root: string;
  readonly asked: ImageAsked;
}

function place(t: Test): Place {
  const folder = t.testdir({});
  const root = join(folder, 'trusted_root.json');
  writeFileSync(root, world.trustedRoot());
  const pin = { trustedRoot: root, identity: RELEASE, issuer: GITHUB };
  return {
    root: folder,
    asked: {
      folder: join(folder, 'image'),
      image: undefined,
      bundles: [],
      ...pin,
      unsigned: false,
      components: false,
    },
  };
}

const UNSIGNED = { trustedRoot: undefined, identity: undefined, issuer: undefined, unsigned: true } as const;

async function leavesOf(asked: ImageAsked): Promise<Record<string, unknown>> {
  const { source } = await imageSource(asked);
  const { leaves, profile } = source.declare([], { literal: false, ignore: [] });
  return { profile, ...Object.fromEntries(leaves.map(({ path, value }) => [path, decodeCbor(value)])) };
}

t.test('an image for two platforms, signed', async (t) => {
  const { asked } = place(t);
  const { layout, index, manifests } = twoPlatforms(asked.folder);
  const [amd, arm] = manifests;
  layout.attach(index, BUNDLE, layout.blob(world.bundle(index.digest), BUNDLE));
  layout.write();
  const leaves = await leavesOf(asked);
  const digests = [amd?.digest ?? '', arm?.digest ?? ''].toSorted();
  t.match(leaves, {
    profile: 'oci@1',
    '/image/digest': index.digest,
    '/image/kind': 'index',
    '/image/digests': [index.digest, ...digests].join(' '),
    '/image/platforms/linux-amd64/manifest': amd?.digest,
    '/image/platforms/linux-arm64-v8/manifest': arm?.digest,
    '/signature/identity': RELEASE,
    '/signature/issuer': GITHUB,
    '/signature/signer': RELEASE,
    '/signature/kind': 'https://sigstore.dev/cosign/sign/v1',
  });
  t.match(String(leaves['/image/platforms/linux-amd64/config']), /^sha256:[0-9a-f]{64}$/);
  t.match(String(leaves['/image/platforms/linux-amd64/layers/1']), /^sha256:/);
  t.match(String(leaves['/signature/root']), /^sha256:/);
  t.notOk('/image/platforms/linux-amd64/says' in leaves);
});

t.test('nothing is pinned: refused; roots alone: refused; unsigned is said', async (t) => {
  const { asked } = place(t);
  twoPlatforms(asked.folder).layout.write();
  const nothing = { ...asked, ...UNSIGNED, unsigned: false };
  await t.rejects(imageSource(nothing), {
    code: 'usage',
    remedy: { trustedRoot: true, certificateIdentity: true, unsigned: true },
  });
  await t.rejects(imageSource({ ...asked, identity: undefined, issuer: undefined }), {
    code: 'usage',
    message: /anybody with an account/,
    remedy: { certificateIdentity: true, certificateOidcIssuer: true },
  });
  await t.rejects(imageSource({ ...asked, unsigned: true }), { code: 'usage' });
  await t.rejects(imageSource({ ...asked, identity: 'https://github.com/acme/*' }), {
    message: /names no repository/,
  });
  await t.rejects(imageSource(asked), { code: 'not-found', message: /no signature/ });
  const leaves = await leavesOf({ ...asked, ...UNSIGNED });
  t.notOk('/signature/identity' in leaves);
});

t.test('signatures of others, of other images, and of newer roots are refused', async (t) => {
  const cases = [
    [
      world,
      { identity: 'https://github.com/evil/x/.github/workflows/a.yml@refs/heads/main' },
      undefined,
      /another than the pinned identity/,
    ],
    [world, { issuer: 'https://evil.example' }, undefined, /another than the pinned identity/],
    [world, {}, `sha256:${'0'.repeat(64)}`, /another artefact/],
    [new SigstoreWorld('newer'), {}, undefined, /pin again/],
    [world, { kind: 'https://in-toto.io/attestation/test-result/v0.1' }, undefined, /does not count/],
  ] as const;
  for (const [by, wish, digest, message] of cases) {
    const { asked, root } = place(t);
    const { layout, index } = twoPlatforms(join(root, `case-${readdirSync(root).length}`));
    layout.attach(index, BUNDLE, layout.blob(by.bundle(digest ?? index.digest, wish), BUNDLE));
    await t.rejects(imageSource({ ...asked, folder: layout.write() }), { code: 'proof-failed', message });
    rmSync(layout.folder, { recursive: true });
  }
});

t.test('a platform is signed alone: the index is not', async (t) => {
  const { asked } = place(t);
  const { layout, manifests } = twoPlatforms(asked.folder);
  const [amd] = manifests;
  if (amd === undefined) throw new Error('no platform');
  layout.attach(amd, BUNDLE, layout.blob(world.bundle(amd.digest), BUNDLE));
  await t.rejects(imageSource({ ...asked, folder: layout.write() }), { message: /another artefact/ });
  layout.name(amd, 'amd64-only').write();
  t.equal((await leavesOf({ ...asked, image: 'amd64-only' }))['/image/kind'], 'manifest');
});

t.test("cosign's older signatures, and bundles beside the layout", async (t) => {
  const { asked, root } = place(t);
  const { layout, index } = twoPlatforms(asked.folder);
  const { annotations, content } = world.oldSignature(index.digest);
  const type = 'application/vnd.dev.cosign.simplesigning.v1+json';
  layout.tagged(index.digest, '.sig', [{ ...layout.blob(content, type), annotations }]);
  layout.write();
  t.equal((await leavesOf(asked))['/signature/signer'], RELEASE);

  const { annotations: others } = world.oldSignature(`sha256:${'0'.repeat(64)}`);
  const swapped = twoPlatforms(join(root, 'swapped'));
  swapped.layout.tagged(swapped.index.digest, '.sig', [
    { ...swapped.layout.blob(content, type), annotations: others },
  ]);
  await t.rejects(imageSource({ ...asked, folder: swapped.layout.write() }), { code: 'proof-failed' });
  const envelopes = twoPlatforms(join(root, 'envelopes'));
  const own = world.bundle(envelopes.index.digest);
  const [entry] = own.verificationMaterial.tlogEntries;
  const logged = {
    SignedEntryTimestamp: entry?.inclusionPromise.signedEntryTimestamp,
    Payload: {
      body: entry?.canonicalizedBody,
      integratedTime: Number(entry?.integratedTime),
      logIndex: 0,
      logID: world.rekor.id.toString('hex'),
    },
  };
  const pem = `-----BEGIN CERTIFICATE-----\n${own.verificationMaterial.certificate?.rawBytes ?? ''}\n-----END CERTIFICATE-----\n`;
  const parts = {
    'dev.sigstore.cosign/certificate': pem,
    'dev.sigstore.cosign/bundle': JSON.stringify(logged),
  };
  const attested = envelopes.layout.blob(own.dsseEnvelope, 'application/vnd.dsse.envelope.v1+json');
  envelopes.layout.tagged(envelopes.index.digest, '.att', [{ ...attested, annotations: parts }]);
  t.equal(
    (await leavesOf({ ...asked, folder: envelopes.layout.write() }))['/signature/signer'],
    RELEASE,
    'an attestation',
  );
  const odd = twoPlatforms(join(root, 'odd'));
  const broken = odd.layout.blob('{', 'application/vnd.dsse.envelope.v1+json');
  odd.layout.tagged(odd.index.digest, '.att', [{ ...broken, annotations: parts }]);
  await t.rejects(imageSource({ ...asked, folder: odd.layout.write() }), { code: 'malformed-text' });
  const bare = twoPlatforms(join(root, 'bare'));
  const only = {
    'dev.cosignproject.cosign/signature': annotations['dev.cosignproject.cosign/signature'] ?? '',
  };
  bare.layout.tagged(bare.index.digest, '.sig', [{ ...bare.layout.blob(content, type), annotations: only }]);
  await t.rejects(imageSource({ ...asked, folder: bare.layout.write() }), { message: /bare key/ });

  const plain = twoPlatforms(join(root, 'plain'));
  const file = join(root, 'bundles.jsonl');
  writeFileSync(
    file,
    `${JSON.stringify(world.bundle(`sha256:${'0'.repeat(64)}`))}\n${JSON.stringify(world.bundle(plain.index.digest))}\n`,
  );
  t.equal(
    (await leavesOf({ ...asked, folder: plain.layout.write(), bundles: [file] }))['/signature/signer'],
    RELEASE,
  );
});

t.test('bills of materials: attached, attested, and by somebody else', async (t) => {
  const { asked } = place(t);
  const { layout, index, manifests } = twoPlatforms(asked.folder);
  const [amd, arm] = manifests;
  if (amd === undefined || arm === undefined) throw new Error('no platforms');
  layout.attach(index, BUNDLE, layout.blob(world.bundle(index.digest), BUNDLE));
  layout.attach(amd, BUNDLE, layout.blob(world.bundle(amd.digest, { kind: SPDX, predicate: BILL }), BUNDLE));
  const stranger = { kind: SPDX, predicate: BILL, issuer: 'https://evil.example' };
  layout.attach(arm, BUNDLE, layout.blob(world.bundle(arm.digest, stranger), BUNDLE));
  const foreign = { kind: SPDX, predicate: { packages: [{ name: 'of another image' }] } };
  layout.attach(arm, BUNDLE, layout.blob(world.bundle(`sha256:${'0'.repeat(64)}`, foreign), BUNDLE));
  const cyclone = {
    components: [
      {
        name: 'a',
        version: '1',
        components: [{ purl: 'pkg:npm/%40b/c@2.0.0' }, { purl: 'pkg:npm/%40b/c@1.0.0' }],
      },
    ],
  };
  layout.attach(
    arm,
    'application/vnd.cyclonedx+json',
    layout.blob(cyclone, 'application/vnd.cyclonedx+json'),
  );
  layout.write();
  const leaves = await leavesOf({ ...asked, components: true });
  t.match(leaves, {
    '/sbom/linux-amd64/spdx/signed': true,
    '/sbom/linux-amd64/spdx/components/pkg:deb~1debian~1zlib': '1.3',
    '/sbom/linux-amd64/spdx/components/shop': '1.2.0',
    '/sbom/linux-arm64-v8/cyclonedx/signed': false,
    '/sbom/linux-arm64-v8/cyclonedx/components/a': '1',
    '/sbom/linux-arm64-v8/cyclonedx/components/pkg:npm~1%40b~1c': '1.0.0 2.0.0',
  });
  t.notOk(
    '/sbom/linux-arm64-v8/spdx/digest' in leaves,
    "a stranger's bill, and one of another image, are no leaves",
  );
  t.notOk(
    Object.keys(await leavesOf(asked)).some((path) => path.includes('/components')),
    'only where asked for',
  );
});

t.test("BuildKit's attestations in the index", async (t) => {
  const { asked } = place(t);
  const layout = new LayoutMaker(asked.folder);
  const amd = layout.image({ os: 'linux', architecture: 'amd64' }, ['base']);
  const statement = {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://spdx.dev/Document',
    subject: [],
    predicate: BILL,
  };
  const config = layout.blob('{}', 'application/vnd.oci.image.config.v1+json');
  const layers = [layout.blob(statement, 'application/vnd.in-toto+json')];
  const attestation = {
    ...layout.blob({ schemaVersion: 2, mediaType: MANIFEST, config, layers }, MANIFEST),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': amd.digest,
    },
  };
  layout.name(layout.index([amd, attestation]), 'latest').write();
  const leaves = await leavesOf({ ...asked, ...UNSIGNED });
  t.equal(leaves['/sbom/linux-amd64/spdx/signed'], false);
  t.notOk(Object.keys(leaves).some((path) => path.includes('unknown')));
});

t.test('layouts that are damaged, or that two programs would read differently', async (t) => {
  const { asked, root } = place(t);
  const unsigned = { ...asked, ...UNSIGNED };
  const refusal = async (
    make: (layout: LayoutMaker) => void,
    message: RegExp,
    image?: string,
  ): Promise<void> => {
    const layout = new LayoutMaker(join(root, `made-${readdirSync(root).length}`));
    make(layout);
    await t.rejects(
      imageSource({ ...unsigned, folder: layout.write(), image }),
      { message },
      String(message),
    );
  };
  const amd = { os: 'linux', architecture: 'amd64' };
  const one = (layout: LayoutMaker) => layout.image(amd, ['layer']);
  await t.rejects(imageSource({ ...unsigned, folder: join(root, 'none') }), { code: 'not-found' });
  await t.rejects(imageSource({ ...unsigned, folder: join(root, 'trusted_root.json') }), {
    message: /unpack it first/,
  });
  await t.rejects(imageSource({ ...unsigned, folder: root }), { message: /no OCI image layout/ });
  await refusal(() => undefined, /no image in this layout/);
  await refusal(
    (layout) => layout.name(one(layout), 'a').name(layout.image(amd, ['b']), 'b'),
    /say which image/,
  );
  await refusal((layout) => layout.name(one(layout), 'v1.2'), /there is no image v1.3/, 'v1.3');
  await refusal(
    (layout) => layout.name(layout.index([one(layout), layout.image(amd, ['other'])]), 'a'),
    /two manifests for linux-amd64/,
  );
  await refusal(
    (layout) => layout.name(layout.index([{ ...layout.index([one(layout)]), platform: amd }]), 'a'),
    /another index/,
  );
  await refusal((layout) => layout.name(layout.index([]), 'a'), /no manifest of a platform/);
  await refusal((layout) => {
    const made = one(layout);
    const both = { schemaVersion: 2, config: made, layers: [], manifests: [made] };
    layout.name(layout.blob(both, INDEX), 'a');
  }, /an index and a manifest at once/);
  await refusal((layout) => layout.name({ ...one(layout), mediaType: INDEX }, 'a'), /says that it is/);
  await refusal(
    (layout) => layout.name(layout.blob({ schemaVersion: 1, fsLayers: [] }, 'x'), 'a'),
    /no config or no layers/,
  );
  await refusal((layout) => {
    const made = one(layout);
    layout.name(made, 'a');
    writeFileSync(join(layout.folder, 'blobs/sha256', made.digest.slice(7)), '{}');
  }, /other bytes than its name/);
  await refusal((layout) => {
    layout.name(one(layout), 'a');
    writeFileSync(join(layout.folder, 'blobs/sha256', layout.blob('layer', 'x').digest.slice(7)), 'patched');
  }, /other bytes than its name/);
  await refusal(
    (layout) => layout.name({ ...one(layout), digest: 'sha256:../../etc/passwd' }, 'a'),
    /no digest sha256/,
  );
  await refusal((layout) => layout.name(layout.blob('{"config":{},"config":{}}', MANIFEST), 'a'), /twice/);
});

t.test('what is not at hand is said', async (t) => {
  const { asked } = place(t);
  const { layout, index, manifests } = twoPlatforms(asked.folder);
  for (const gone of [manifests[1]?.digest ?? '', layout.blob('base', 'x').digest])
    rmSync(join(layout.folder, 'blobs/sha256', gone.slice(7)));
  layout.attach(index, BUNDLE, layout.blob(world.bundle(index.digest), BUNDLE));
  const made = await imageSource({ ...asked, folder: layout.write() });
  t.match(made.remarks.join('\n'), /manifest for linux-arm64-v8 is not in this layout[^]*|1 of 2 layers/);
  const again = await imageSource({ ...asked, ...UNSIGNED });
  t.match(again.remarks.join('\n'), /1 signatures are attached to the image, and none was checked/);
});

t.test('the index says one platform and the configuration another', async (t) => {
  const { asked } = place(t);
  const layout = new LayoutMaker(asked.folder);
  const made = layout.image({ os: 'linux', architecture: 'amd64' }, ['a']);
  layout.name(layout.index([{ ...made, platform: { os: 'linux', architecture: 'arm64' } }]), 'a').write();
  const leaves = await leavesOf({ ...asked, ...UNSIGNED });
  t.equal(leaves['/image/platforms/linux-arm64/says'], 'linux-amd64');
});
