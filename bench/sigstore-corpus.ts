/**
 * Reads the bundles of sigstore-conformance, of which each says by its folder's name whether it must hold, and counts which this
 * program takes and refuses. By hand, with a checkout of that repository (none of it is copied here) and the public root:
 *
 *     node bench/sigstore-corpus.ts test/assets/bundle-verify trusted_root.json
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Refusal } from '#src/bytes/refusal.ts';
import { readTrustedRoot, verifyBundle, type BundleSigner } from '#src/evidence/node/sigstore.ts';
import { isPinned } from '#src/evidence/certificate-identity.ts';

const [, , folder = '', rootFile = ''] = process.argv;
const BEACON = 'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/';
const WHO = `${BEACON}.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main`;
const GITHUB = 'https://token.actions.githubusercontent.com';

const counts = { right: 0, refused: 0, wrong: 0, 'refused more than asked': 0 };
for (const path of globSync('*/bundle.sigstore.json', { cwd: folder }).toSorted()) {
  const at = join(folder, dirname(path));
  const name = basename(at);
  const text = (file: string, fallback: string): string =>
    existsSync(join(at, file)) ? readFileSync(join(at, file), 'utf8').trim() : fallback;
  const own = join(at, 'trusted_root.json');
  const artefact = existsSync(join(at, 'artifact')) ? join(at, 'artifact') : join(folder, 'a.txt');
  const bundle = readFileSync(join(folder, path));
  const found = checked(readFileSync(existsSync(own) ? own : rootFile), bundle, readFileSync(artefact));
  const pin = { identity: text('identity', WHO), issuer: text('issuer', GITHUB) };
  const holds = found.kind === 'signer' && isPinned(pin, found.identity, found.issuer);
  const wanted = !name.endsWith('_fail');
  const kind = holds === wanted ? (holds ? 'right' : 'refused') : holds ? 'wrong' : 'refused more than asked';
  counts[kind] += 1;
  const said = found.kind === 'signer' ? `${found.identity} ${found.issuer}` : found.why;
  if (holds !== wanted) process.stdout.write(`${kind}: ${name}: ${said}\n`);
}
process.stdout.write(`${JSON.stringify(counts)}\n`);

function checked(root: Uint8Array, bundle: Uint8Array, payload: Uint8Array): BundleSigner {
  try {
    return verifyBundle({ bundle, payload }, readTrustedRoot(root));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'wrong', why: error.message };
  }
}
