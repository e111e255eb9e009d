/** Bundles for auditors, which come from strangers: the container. */
import { readContainer } from '../../src/audit/zip/read.ts';
import { writeContainer } from '../../src/audit/zip/write.ts';
import { text, type Target } from './target.ts';

const containers = [
  new Map(),
  new Map([['a', text('')]]),
  new Map([
    ['a/b.csv', text('1,2')],
    ['README.md', text('# read')],
    ['z', new Uint8Array(300)],
  ]),
].map((files) => writeContainer(files));

export const BUNDLES: readonly Target[] = [
  {
    name: 'container',
    covers: ['readContainer'],
    seeds: containers,
    run: (b) => writeContainer(readContainer(b)),
  },
];
