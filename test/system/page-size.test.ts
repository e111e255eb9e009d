/** What the pages weigh (src/build/sizes.ts): they may shrink, and do not grow unseen. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sizesOf } from '#src/build/sizes.ts';
import t from 'tap';

/** Bytes of all scripts and styles, gzipped, and of those that a first visit loads before an entry is verified. */
const ALL = 330_000;
const FIRST = 153_000;

const folder = join(import.meta.dirname, '../../dist/explorer');

// `npm test` builds them; whoever runs this file alone may not have.
const skip = existsSync(join(folder, 'manifest.json'))
  ? false
  : 'the pages are not built; npm ci builds them';

t.test('the pages weigh no more than they did', { skip }, (t) => {
  const { all, first, files } = sizesOf(folder);
  const largest = [...files].toSorted((a, b) => b[1] - a[1]).slice(0, 5);
  const what = 'node src/build/sizes.ts --shares says what is large';
  t.ok(all <= ALL, `all scripts and styles: ${all} of ${ALL} bytes; ${what}`, { largest });
  t.ok(first <= FIRST, `a first visit: ${first} of ${FIRST} bytes; ${what}`, { largest });
  t.ok(first > ALL / 4 && files.size > 10, 'what is loaded at once was found');
  t.end();
});

t.test(
  'no part imports what is started, under a URL of its own or not: it would run twice',
  { skip },
  (t) => {
    const manifest: Readonly<Record<string, string>> = JSON.parse(
      readFileSync(join(folder, 'manifest.json'), 'utf8'),
    );
    const started = ['app', 'worker', 'files'].map((name) => manifest[name] ?? '');
    const names = [...sizesOf(folder).files.keys()];
    t.ok(started.every((name) => names.includes(name)));
    for (const name of names) {
      const text = readFileSync(join(folder, name), 'utf8');
      t.strictSame(
        started.filter((each) => text.includes(each)),
        [],
        name,
      );
    }
    t.end();
  },
);
