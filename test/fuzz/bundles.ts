/** Bundles for auditors, which come from strangers: the container, and what is in it. */
import { bundleEntry, entryFiles, readEntries } from '../../src/audit/bundle/entries.ts';
import { manifestFiles, readManifest } from '../../src/audit/bundle/manifest.ts';
import { groupFile, INDEX, MANIFEST } from '../../src/audit/bundle/names.ts';
import { formatOpenings, parseOpenings } from '../../src/audit/bundle/openings.ts';
import { readContainer } from '../../src/audit/zip/read.ts';
import { writeContainer } from '../../src/audit/zip/write.ts';
import { openLeaf, saltedTree } from '../../src/statement/saltedleaf.ts';
import { hex, json, text, type Json, type Target } from './target.ts';

const vectorEntries: readonly Uint8Array[] = json('spec/vectors.json').entries.map((each: Json) =>
  hex(each.entry),
);
const leaf = openLeaf(saltedTree([{ salt: new Uint8Array(16), path: '/a', value: text('1') }]), 0);

const containers = [
  new Map(),
  new Map([['a', text('')]]),
  new Map([
    ['a/b.csv', text('1,2')],
    ['README.md', text('# read')],
    ['z', new Uint8Array(300)],
  ]),
].map((files) => writeContainer(files));

const manifest = [
  ...manifestFiles(
    {
      made_with: '0.4.0',
      log: 'log.example',
      period: { since: 1, until: 2 },
      subjects: ['a', 'b'],
      controls: [],
      monitors: [],
      heads: { start: null, end: { size: 3, root: 'ab'.repeat(32), notice: 4 } },
    },
    new Map([['trust.txt', text('quorum none\n')]]),
  ),
];

const entries = vectorEntries.map((bytes, index) => bundleEntry(index, bytes));
const grouped = entryFiles(entries);
const group = grouped.get(groupFile(0)) ?? new Uint8Array();

export const BUNDLES: readonly Target[] = [
  {
    name: 'manifest',
    covers: ['readManifest', 'readJsonFile'],
    seeds: manifest.flatMap(([name, bytes]) => (name === MANIFEST ? [bytes] : [])),
    run: (b) => void readManifest(new Map([[MANIFEST, b]])),
  },
  {
    name: 'entries of a bundle',
    covers: ['readEntries'],
    seeds: [group],
    run: (b) => void readEntries(new Map([...grouped, [groupFile(0), b]])),
  },
  {
    name: 'index of a bundle',
    covers: [],
    seeds: [grouped.get(INDEX) ?? new Uint8Array()],
    run: (b) => void readEntries(new Map([...grouped, [INDEX, b]])),
  },
  {
    name: 'openings',
    covers: ['parseOpenings'],
    seeds: [formatOpenings([{ entry: 'ab'.repeat(32), claim: 'tls-min', opening: leaf }])],
    run: (b) => formatOpenings(parseOpenings(b)),
  },
  {
    name: 'container',
    covers: ['readContainer'],
    seeds: containers,
    run: (b) => writeContainer(readContainer(b)),
  },
];
