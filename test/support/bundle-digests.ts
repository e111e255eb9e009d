/** SHA-256 of every file of the pinned bundles, as JSON on standard output: run under other Nodes by test/system/bundle-machines.test.ts. */
import { sha256 } from '@noble/hashes/sha2.js';
import { readContainer } from '#src/audit/zip/read.ts';
import { writeContainer } from '#src/audit/zip/write.ts';
import { formatHex } from '#src/bytes/text.ts';
import { pinnedBundles } from './bundle-good.ts';

const digests: Record<string, string> = {};
for (const { what, bundle } of await pinnedBundles()) {
  digests[what] = formatHex(sha256(bundle));
  // The order in which files are handed over changes nothing.
  const turned = writeContainer(new Map([...readContainer(bundle)].toReversed()));
  digests[`${what}, files in another order`] = formatHex(sha256(turned));
}
process.stdout.write(JSON.stringify(digests));
