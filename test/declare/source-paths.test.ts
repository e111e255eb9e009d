/** Paths by which files of one configuration name others: one rule for all sources. */
import t from 'tap';
import { isWithin, normal } from '#src/declare/sources/paths.ts';

t.test('a path is what the system takes it for', async (t) => {
  for (const [path, is] of [
    ['/etc//nginx/./conf.d/../x.conf', '/etc/nginx/x.conf'],
    ['/../../etc/x', '/etc/x'],
    ['/', '/'],
    ['/..', '/'],
    ['a/./b//c', 'a/b/c'],
    ['a/../../b', '../b'],
    ['../../b', '../../b'],
    ['', ''],
  ] as const)
    t.equal(normal(path), is, path);
});

t.test('a folder is within itself, the root, and what it lies below', async (t) => {
  t.ok(isWithin('/a', ['/a']));
  t.ok(isWithin('/a/b', ['/x', '/a']));
  t.ok(isWithin('/a', ['/']));
  t.notOk(isWithin('/ab', ['/a']));
  t.notOk(isWithin('/a', ['/a/b']));
});
