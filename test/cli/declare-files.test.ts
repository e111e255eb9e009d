/** Names of files that no leaf can have are refused before anything is logged; what is logged, its owner can verify. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { user } from './support/user.ts';

t.test('names that no leaf can have', async (t) => {
  const me = await user(t, { few: { a: 'one' }, '-': 'a file of this name' });
  const entries = me.log.entries.length;
  const names: readonly (readonly [string, string, RegExp])[] = [
    ['newline', 'a\nb', /control character.*rename it, or leave it out/],
    ['tab', 'a\tb', /control character/],
    ['escape', '\u001b[31mred', /control character/],
    ['c1', '\u009b31m', /control character/],
  ];
  for (const [folder, name, err] of names) {
    mkdirSync(join(me.dir, folder));
    writeFileSync(join(me.dir, folder, name), 'x');
    for (const more of [[], ['--list']])
      t.match(await me.run('commit', folder, ...more), { code: 1, err }, folder);
  }
  const deep = Array.from({ length: 6 }, () => 'd'.repeat(200)).join('/');
  mkdirSync(join(me.dir, 'deep', deep), { recursive: true });
  writeFileSync(join(me.dir, 'deep', deep, 'f'), 'x');
  t.match(await me.run('commit', 'deep'), {
    code: 1,
    err: /more than 1024 bytes.*commit a folder further down/,
  });
  t.match(await me.run('commit', join('deep', deep)), { code: 0 }, 'as it says');
  t.equal(me.log.entries.length, entries + 1, 'nothing of the others was logged');
});

t.test('links to other bytes are other links', async (t) => {
  const me = await user(t, { one: {}, other: {} });
  const roots = [];
  for (const [folder, byte] of [
    ['one', 0xfe],
    ['other', 0xff],
  ] as const) {
    symlinkSync(Buffer.from([byte]), join(me.dir, folder, 'link'));
    const { json } = await me.run('commit', folder, '--list', '--json');
    roots.push(JSON.stringify(json).match(/SHA-256 [0-9a-f]{64}/)?.[0]);
  }
  t.ok(roots[0]);
  t.not(roots[0], roots[1]);
});

t.test('what is written for the owner is read before anything is logged', async (t) => {
  const long = 'x'.repeat(70_000);
  const me = await user(t, { 'a.json': `{"long":"${long}","b":[1]}`, 'bad\nfolder': { a: 'one' } });
  const { json } = await me.run('commit', 'json', 'a.json', '--subject', 'long', '--json');
  t.match(json, { exit_code: 0, leaves: 3 });
  t.match(await me.run('verify', String(json.folder)), { code: 0 }, 'a value that is too long to show');
  t.match((await me.run('disclose', 'long', '--list')).out, /^\/long {2}70005 bytes, SHA-256 [0-9a-f]{64}$/m);
  t.match(await me.run('disclose', 'long', '--all', '--out', 'all'), { code: 0 });
  t.match(await me.run('verify', 'all'), { code: 0, out: /\/long = 70005 bytes/ });
  // The folder that paths are told from stands in opening.json.
  const entries = me.log.entries.length;
  t.match(await me.run('commit', 'bad\nfolder/a', '--subject', 's'), { code: 1, err: /control characters/ });
  t.equal(me.log.entries.length, entries);
});
