/**
 * Looks at what the real installers laid down, as `packages@1` does, and prints what it found. By hand, one line a target:
 *
 *     node bench/packages-oracles.ts npm PROJECT package-lock.json ~/.npm/_cacache
 *     node bench/packages-oracles.ts pypi SITE-PACKAGES requirements.txt WHEELS
 *     node bench/packages-oracles.ts go BINARY go.sum
 *     node bench/packages-oracles.ts cargo VENDOR Cargo.lock CRATES
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { judgeClaim } from '#src/claim/judge.ts';
import { packOf } from '#src/declare/packs.ts';
import { PACKAGES_SOURCE } from '#src/declare/sources/packages/packages.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { packagesProbe } from '#src/probe/packages/probe.ts';
import { parametersOf } from '#src/probe/parameters.ts';

const [, , ecosystem = '', target = '', lock = '', archives] = process.argv;
const text = readFileSync(lock, 'utf8');
const { leaves } = PACKAGES_SOURCE.declare([{ name: lock, text }], { literal: false, ignore: [] });
const params = new Map([['ecosystem', ecosystem]]);
const options = new Map(archives === undefined ? [] : [['archives', resolve(archives)]]);
const seen = await packagesProbe.run({
  target: resolve(target),
  params: parametersOf(packagesProbe, params, options),
  challenge: new Uint8Array(32),
  declared: new Map(leaves.map(({ path, value }) => [path, declaredValue(value)])),
  secret: () => Promise.resolve(undefined),
  spent: () => undefined,
  signal: AbortSignal.timeout(300_000),
  now: Date.now,
});
process.stdout.write(`${JSON.stringify(seen.value)}\n`);
for (const claim of packOf('packages-as-locked', params)) {
  const { verdict, explain } = judgeClaim(claim, seen);
  process.stdout.write(`${claim.id} ${verdict} ${explain ?? ''}\n`);
}
