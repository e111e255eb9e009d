/** What a plan or a state says beside the attributes of its resources is named, or refused (src/declare/terraform.ts). */
import t from 'tap';
import { decodeCbor } from '../../src/bytes/cbor.ts';
import { declareTerraform } from '../../src/declare/sources/terraform/terraform.ts';

const HEAD = { format_version: '1.2', terraform_version: '1.11.4' };
const resource = (address: string, more: object): object => ({
  address,
  mode: 'managed',
  values: { size: 1 },
  sensitive_values: {},
  ...more,
});
const state = (...resources: object[]): string =>
  JSON.stringify({ ...HEAD, values: { root_module: { resources } } });
const change = (address: string, after: object, unknown: object = {}, more: object = {}): object => ({
  address,
  mode: 'managed',
  change: { actions: ['create'], after, after_unknown: unknown, after_sensitive: {} },
  ...more,
});
const plan = (more: object, ...changes: object[]): string =>
  JSON.stringify({ ...HEAD, resource_changes: changes, ...more });
const paths = (text: string): readonly string[] => declareTerraform(text).leaves.map(({ path }) => path);

t.test('deposed and tainted objects of a state', async (t) => {
  const text = state(
    resource('a.db', {}),
    resource('a.db', { deposed_key: '84c8d504', values: { size: 2 } }),
    resource('a.old', { tainted: true }),
    resource('ephemeral.a.b', { mode: 'ephemeral' }),
  );
  t.strictSame(paths(text), ['/a.db/size', '/a.old/size']);
  t.match(declareTerraform(text).excluded, [
    { path: '/a.db deposed 84c8d504', reason: /waits for its deletion/ },
    { path: '/a.old tainted', reason: /replacement/ },
    { path: '/ephemeral.a.b', reason: /ephemeral/ },
  ]);
});

t.test('plans that are not complete, and members that nobody reads', async (t) => {
  const deferred = [{ reason: 'provider_config_unknown', resource_change: change('a.later', { size: 1 }) }];
  const text = plan(
    { complete: false, deferred_changes: deferred, checks: [], action_invocations: [], news: {} },
    change('a.db', { size: 1 }),
  );
  t.strictSame(paths(text), ['/a.db/size']);
  const { excluded } = declareTerraform(text);
  t.match(
    excluded.map(({ path }) => path).toSorted((a, b) => (a < b ? -1 : 1)),
    ['/a.later', '/action_invocations', '/checks', '/news'],
  );
  t.match(
    excluded.find(({ path }) => path === '/a.later'),
    { reason: 'deferred to a later plan (provider_config_unknown)' },
  );
  t.match(declareTerraform(plan({ complete: false }, change('a.db', {}))).excluded, [{ path: '/complete' }]);
  const before = { values: { root_module: { resources: [resource('a.db', {})] } } };
  for (const changes of [undefined, []])
    t.throws(
      () => declareTerraform(plan({ resource_changes: changes, planned_values: {}, prior_state: before })),
      {
        message: /-refresh-only.*make one without it, or declare the state/,
      },
    );
  t.throws(() => declareTerraform(plan({}, change('output', { x: 1 }))), { message: /written by Terraform/ });
});

t.test('what is known only after the apply', async (t) => {
  const shown = (after: object, unknown: object): object =>
    Object.fromEntries(
      declareTerraform(plan({}, change('a.b', after, unknown))).leaves.map(({ path, value }) => {
        const content = decodeCbor(value);
        return [path.slice('/a.b'.length), content instanceof Map ? Object.fromEntries(content) : content];
      }),
    );
  const later = { unknown: true };
  t.strictSame(shown({ set: ['fixed', null] }, { set: [false, true], id: true }), {
    '/id': later,
    '/set': { list: 2 },
    '/set/0': 'fixed',
    '/set/1': later,
  });
  t.strictSame(shown({ set: [] }, { set: [] }), { '/set': [] });
  t.strictSame(shown({ set: null }, { set: {} }), { '/set': null });
  t.strictSame(shown({ map: {} }, { map: { x: true } }), { '/map/x': later });
  t.strictSame(shown({}, { map: { x: { y: [true] } } }), { '/map/x/y': { list: 1 }, '/map/x/y/0': later });
  t.strictSame(shown({ text: 'x' }, { text: {} }), { '/text': 'x' });
});

t.test('a list that nobody may see hides its length too', async (t) => {
  const masked = JSON.stringify({
    ...HEAD,
    resource_changes: [
      {
        address: 'a.b',
        mode: 'managed',
        change: { actions: ['create'], after: { x: ['s'] }, after_unknown: {}, after_sensitive: { x: true } },
      },
    ],
  });
  t.strictSame(
    declareTerraform(masked).leaves.map(({ path, sensitive }) => [path, sensitive]),
    [
      ['/a.b/x', true],
      ['/a.b/x/0', true],
    ],
  );
});
