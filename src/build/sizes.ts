/**
 * What the pages weigh, gzipped as they are served.
 *
 *     node src/build/sizes.ts              each file of dist/explorer, all of them, and what a first visit loads
 *     node src/build/sizes.ts --shares     bundles again, and says what of each file comes from which package or room
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleForBrowsers } from './browser.ts';
import { ROOT } from './compile.ts';
import { ENTRIES } from './explorer.ts';
import type { Share } from './lean/shares.ts';

export interface Sizes {
  /** Bytes of each script and style, gzipped, by name. */
  readonly files: ReadonlyMap<string, number>;
  /** Of all of them. */
  readonly all: number;
  /** Of what is loaded before the first entry is verified: style, app and worker, with all that they import at once. */
  readonly first: number;
}

/** What is read of the manifest (explorer.ts). */
interface Manifest {
  readonly style: string;
  readonly app: string;
  readonly worker: string;
  readonly first: readonly string[];
}

/** The sizes of a folder that `buildExplorer` wrote. */
export function sizesOf(folder: string): Sizes {
  const names = readdirSync(folder).filter((name) => /\.(?:js|css)$/.test(name));
  const texts = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const files = new Map([...texts].map(([name, text]) => [name, gzipSync(text, { level: 9 }).length]));
  const { style, app, worker, first }: Manifest = JSON.parse(
    readFileSync(join(folder, 'manifest.json'), 'utf8'),
  );
  const sum = (of: Iterable<string>): number =>
    [...of].reduce((total, name) => total + (files.get(name) ?? 0), 0);
  return { files, all: sum(files.keys()), first: sum(new Set([style, app, worker, ...first])) };
}

function print(rows: readonly (readonly [what: string, bytes: number])[]): void {
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, bytes] of rows)
    console.log(`${what.padEnd(width)}  ${(bytes / 1000).toFixed(1).padStart(6)} kB`);
}

/** The largest shares of each file first. */
function printShares(shares: readonly Share[]): void {
  const large = shares.filter(({ gzip }) => gzip >= 100).toSorted((a, b) => b.gzip - a.gzip);
  for (const file of new Set(large.map((each) => each.file))) {
    console.log(`\n${file}`);
    print(large.filter((each) => each.file === file).map(({ group, gzip }) => [`  ${group}`, gzip] as const));
  }
  const groups = Map.groupBy(large, ({ group }) => group);
  const sums = [...groups].map(
    ([group, all]) => [`  ${group}`, all.reduce((sum, { gzip }) => sum + gzip, 0)] as const,
  );
  console.log('\nin all');
  print(sums.toSorted((a, b) => b[1] - a[1]));
}

if (import.meta.main && process.argv.includes('--shares')) {
  const out = mkdtempSync(join(tmpdir(), 'tallystick-sizes-'));
  try {
    printShares(bundleForBrowsers(ENTRIES, 'es', out, true).shares);
  } finally {
    rmSync(out, { recursive: true });
  }
} else if (import.meta.main) {
  const { files, all, first } = sizesOf(join(ROOT, 'dist/explorer'));
  print([
    ...[...files].toSorted((a, b) => b[1] - a[1]),
    ['what a first visit loads', first],
    ['all scripts and styles', all],
  ]);
}
