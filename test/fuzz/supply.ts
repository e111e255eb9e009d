/** What images and their signatures hand over: manifests, bundles, statements, roots, bills of materials. */
import { parseJson } from '../../src/bytes/json.ts';
import { manifestsIn } from '../../src/evidence/image-index.ts';
import { checkBundle, readTrustedRoot, verifyBundle } from '../../src/evidence/node/sigstore.ts';
import { encodeSignatures, parseSignatures } from '../../src/evidence/signature-record.ts';
import { readIntoto, readSimpleSigning } from '../../src/evidence/signed-artefact.ts';
import { bundleOfLayer, SIMPLE_SIGNING_TYPE } from '../../src/declare/oci/cosign.ts';
import { parseManifest, platformOfConfig } from '../../src/declare/oci/manifest.ts';
import { PACKAGES_SOURCE } from '../../src/declare/sources/packages/packages.ts';
import { componentsOf } from '../../src/declare/oci/sbom.ts';
import { encoded, GITHUB, RELEASE, SigstoreWorld } from '../support/sigstore-world.ts';
import { asText, text, type Target } from './target.ts';

const world = new SigstoreWorld();
const IMAGE = `sha256:${'a1'.repeat(32)}`;
const root = readTrustedRoot(world.trustedRoot());
const bundle = encoded(world.bundle(IMAGE));
const { content, annotations } = world.oldSignature(IMAGE);
const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
const named = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: IMAGE, size: 1, platform };
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ digest: { sha256: 'a1'.repeat(32) } }],
  predicateType: 'x',
};
const spdx = {
  packages: [{ name: 'a', externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:npm/a@1' }] }],
};
const NESTING = { most: 200, advice: '' };

export const SUPPLY: readonly Target[] = [
  {
    name: 'manifests of images',
    covers: ['parseManifest'],
    seeds: [
      text(JSON.stringify({ schemaVersion: 2, manifests: [named] })),
      text(JSON.stringify({ schemaVersion: 2, config: named, layers: [named], subject: named })),
      text(JSON.stringify(platform)),
    ],
    run: (b) => {
      try {
        platformOfConfig(b);
        manifestsIn(b);
      } finally {
        parseManifest(b);
      }
    },
  },
  {
    name: 'bundles of Sigstore',
    covers: [],
    seeds: [bundle],
    run: (b) => {
      verifyBundle({ bundle: b, payload: b }, root);
      const pin = { identity: RELEASE, issuer: GITHUB };
      if (checkBundle({ bundle: b }, root, pin).kind === 'signed' && !asText(b).includes('dsseEnvelope'))
        throw new Error('forged');
    },
  },
  {
    name: 'statements that are signed',
    covers: ['readIntoto', 'readSimpleSigning'],
    seeds: [text(JSON.stringify(statement)), content],
    run: (b) => void (asText(b).includes('critical') ? readSimpleSigning(b) : readIntoto(b)),
  },
  {
    name: 'signatures of cosign in annotations',
    covers: [],
    seeds: [text(annotations['dev.sigstore.cosign/bundle'] ?? '')],
    run: (b) => {
      const changed = new Map([
        ...Object.entries(annotations),
        ['dev.sigstore.cosign/bundle', asText(b)] as const,
      ]);
      const layer = { digest: IMAGE, mediaType: SIMPLE_SIGNING_TYPE, artifactType: '', annotations: changed };
      verifyBundle(bundleOfLayer(layer, content), root);
    },
  },
  {
    name: 'trusted roots',
    covers: ['readTrustedRoot'],
    seeds: [world.trustedRoot()],
    run: (b) => void readTrustedRoot(b),
  },
  {
    name: 'records of signatures',
    covers: ['parseSignatures'],
    seeds: [
      encodeSignatures({
        root: text('{}'),
        bundles: [{ bundle: text('{}'), payload: text('x') }],
        index: text('{}'),
      }),
    ],
    run: (b) => encodeSignatures(parseSignatures(b)),
  },
  {
    name: 'lockfiles',
    covers: [],
    seeds: [
      text(
        JSON.stringify({
          lockfileVersion: 3,
          packages: { 'node_modules/a': { version: '1', integrity: `sha512-${'A'.repeat(86)}==` } },
        }),
      ),
      text('a.example/m v1.0.0 h1:JgcPM1rzpSOZS8y69FQvnY0xN0ciHlpQqwTXJcuZIA4=\n'),
      text(`[[package]]\nname = "a"\nversion = "1"\nsource = "r"\nchecksum = "${'a1'.repeat(32)}"\n`),
      text(
        `lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\nwheels = [{hashes = {sha256 = "${'a1'.repeat(32)}"}}]\n`,
      ),
      text(`a[b]==1.0 ; python_version > "3" --hash=sha256:${'a1'.repeat(32)} # c\n`),
    ],
    run: (b) =>
      void PACKAGES_SOURCE.declare([{ name: '-', text: asText(b) }], { literal: false, ignore: [] }),
  },
  {
    name: 'bills of materials',
    covers: [],
    seeds: [
      text(JSON.stringify(spdx)),
      text(JSON.stringify({ components: [{ purl: 'pkg:npm/a@1', components: [{ name: 'b' }] }] })),
    ],
    run: (b) => {
      const bill = parseJson(asText(b), NESTING);
      componentsOf(bill, 'spdx');
      componentsOf(bill, 'cyclonedx');
    },
  },
];
