/** `terraform@1` of what a plan does not know of a set, and of what a state has beside attributes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { judgeClaim } from '../../src/claim/judge.ts';
import type { Observed } from '../../src/claim/observed.ts';
import { packOf } from '../../src/declare/packs.ts';
import { declareTerraform } from '../../src/declare/sources/terraform/terraform.ts';
import { declaredValue } from '../../src/probe/declared.ts';
import { terraformProbe } from '../../src/probe/terraform/probe.ts';
import { runShaped } from '../support/shaped.ts';

const HEAD = { format_version: '1.2', terraform_version: '1.11.4' };
const ID = { id: true };
const planOf = (after: object, unknown: object, sensitive: object = {}): string =>
  JSON.stringify({
    ...HEAD,
    resource_changes: [
      {
        address: 'a.b',
        mode: 'managed',
        change: {
          actions: ['create'],
          after,
          after_unknown: { ...ID, ...unknown },
          after_sensitive: sensitive,
        },
      },
    ],
  });
const resource = (values: object, more: object = {}): object => ({
  address: 'a.b',
  mode: 'managed',
  values: { id: 'i-1', ...values },
  sensitive_values: {},
  ...more,
});
const stateOf = (...resources: object[]): string =>
  JSON.stringify({ ...HEAD, values: { root_module: { resources } } });

const dir = mkdtempSync(join(tmpdir(), 'tally-terraform-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));
const file = join(dir, 'state.json');

function look(plan: string, state: string | Uint8Array): Promise<Observed> {
  writeFileSync(file, state);
  const leaves = declareTerraform(plan).leaves.map(
    ({ path, value, sensitive }): [string, ReturnType<typeof declaredValue>] => [
      path,
      sensitive ? { sensitive: '00'.repeat(32) } : declaredValue(value),
    ],
  );
  return runShaped(terraformProbe, {
    target: file,
    params: new Map([['run', false]]),
    declared: new Map(leaves),
    challenge: new Uint8Array(32),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => Date.now(),
  });
}

async function verdicts(plan: string, state: string | Uint8Array): Promise<string> {
  const seen = await look(plan, state);
  return packOf('terraform-applied', new Map())
    .map((claim) => judgeClaim(claim, seen).verdict)
    .join(' ');
}

const rule = (port: number, group?: string): object => ({
  from: port,
  cidrs: ['10.0.0.0/8'],
  ...(group !== undefined && { group }),
});

/** The list `x` as it was planned, what of it was unknown, as the state has it, and the verdict. */
const LISTS: readonly (readonly [
  what: string,
  planned: unknown,
  unknown: unknown,
  live: unknown,
  verdict: string,
])[] = [
  [
    'an unknown member of a set sorts first',
    ['b', 'c', null],
    [false, false, true],
    ['a', 'b', 'c'],
    'PROVEN',
  ],
  ['between others', ['b', 'd', null], [false, false, true], ['b', 'c', 'd'], 'PROVEN'],
  ['two unknown members', ['m', null, null], [false, true, true], ['a', 'm', 'z'], 'PROVEN'],
  ['numbers', [2, 9, null], [false, false, true], [2, 3, 9], 'PROVEN'],
  ['a list in order', ['z', null, 'a'], [false, true, false], ['z', 'k', 'a'], 'PROVEN'],
  ['a known member is gone', ['b', 'c', null], [false, false, true], ['a', 'b', 'x'], 'VIOLATED'],
  ['one member more', ['b', null], [false, true], ['a', 'b', 'c'], 'VIOLATED'],
  ['one member fewer', ['b', 'c', null], [false, false, true], ['b', 'c'], 'VIOLATED'],
  [
    'a list whose order changed: no set is out of order',
    ['a', 'b', null],
    [false, false, true],
    ['b', 'a', 'x'],
    'VIOLATED',
  ],
  [
    'a list: no set has what is unknown before the rest',
    [null, 'b', 'c'],
    [true, false, false],
    ['b', 'x', 'c'],
    'VIOLATED',
  ],
  ['a list of known members that changed its order', ['a', 'b'], [false, false], ['b', 'a'], 'VIOLATED'],
  [
    'blocks with an unknown attribute, by hash',
    [rule(22), rule(443, 'sg-0')],
    [{ group: true, cidrs: [false] }, { cidrs: [false] }],
    [rule(443, 'sg-0'), rule(22, 'sg-9')],
    'PROVEN',
  ],
  [
    'of blocks one was opened to all',
    [rule(22), rule(443, 'sg-0')],
    [{ group: true, cidrs: [false] }, { cidrs: [false] }],
    [rule(443, 'sg-0'), { ...rule(22, 'sg-9'), cidrs: ['0.0.0.0/0'] }],
    'VIOLATED',
  ],
  [
    'one block twice in place of two',
    [rule(22), rule(443, 'sg-0')],
    [{ group: true }, {}],
    [rule(443, 'sg-0'), rule(443, 'sg-1')],
    'VIOLATED',
  ],
  [
    'a set within a block of a set',
    [
      { n: 1, ids: ['b', null] },
      { n: 2, ids: ['q'] },
    ],
    [{ ids: [false, true] }, { ids: [false] }],
    [
      { n: 2, ids: ['q'] },
      { n: 1, ids: ['a', 'b'] },
    ],
    'PROVEN',
  ],
];
for (const [what, planned, unknown, live, verdict] of LISTS)
  t.test(`a list of which not all was known: ${what}`, async (t) => {
    const seen = await verdicts(planOf({ x: planned }, { x: unknown }), stateOf(resource({ x: live })));
    t.equal(seen.split(' ')[0], verdict);
  });

t.test('values are compared where they stand in the plan, and named there', async (t) => {
  const plan = planOf({ x: ['b', 'd', null], y: 1 }, { x: [false, false, true] });
  const { value } = await look(plan, stateOf(resource({ x: ['a', 'b', 'd'], y: 2 })));
  t.match(value, { differing: [{ path: '/a.b/y' }], extra: [], missing: [], changed: 1 });
});

t.test('what a state has beside attributes is named', async (t) => {
  const plan = planOf({ x: 1 }, {});
  const old = resource({ x: 1 }, { deposed_key: '84c8d504' });
  t.equal(await verdicts(plan, stateOf(resource({ x: 1 }), old)), 'PROVEN VIOLATED');
  const deposed = await look(plan, stateOf(resource({ x: 1 }), old));
  t.same(deposed.value['undeclared'], ['/a.b deposed 84c8d504']);
  t.equal(await verdicts(plan, stateOf(old)), 'VIOLATED VIOLATED', 'nothing but what is deposed');
  const tainted = stateOf(resource({ x: 1 }, { tainted: true }));
  t.equal(await verdicts(plan, tainted), 'UNKNOWN PROVEN');
  t.match(await look(plan, tainted), {
    value: { tainted: ['/a.b'] },
    withheld: [{ path: '/whole', reason: /tainted/ }],
  });
  t.equal(await verdicts(plan, stateOf(resource({ x: 2 }, { tainted: true }))), 'VIOLATED PROVEN');
  const beside = stateOf(
    resource({ x: 1 }),
    resource({}, { address: 'data.a.b', mode: 'data' }),
    resource({}, { address: 'ephemeral.a.b', mode: 'ephemeral' }),
  );
  t.equal(await verdicts(plan, beside), 'PROVEN PROVEN');
  t.match((await look(plan, beside)).value['notCompared'], [/^\/data\.a\.b: /, /^\/ephemeral\.a\.b: /]);
});

t.test('what is sensitive and cannot be compared is no pass; a difference beside it is seen', async (t) => {
  const plan = planOf({ pw: 'first-one', x: 1 }, {}, { pw: true });
  const live = (values: object): string => stateOf(resource(values, { sensitive_values: { pw: true } }));
  t.equal(await verdicts(plan, live({ pw: 'other-one', x: 1 })), 'UNKNOWN PROVEN');
  t.equal(await verdicts(plan, live({ pw: 'first-one', x: 2 })), 'VIOLATED PROVEN');
});

t.test('a state that says nothing', async (t) => {
  const plan = planOf({ x: 1 }, {});
  t.equal(await verdicts(plan, JSON.stringify({ ...HEAD, values: {} })), 'VIOLATED PROVEN', 'all is gone');
  await t.rejects(look(plan, JSON.stringify({ format_version: '1.0' })), {
    code: 'unavailable',
    message: /empty/,
  });
  await t.rejects(look(plan, Buffer.from(stateOf(resource({ x: 1 })), 'utf16le')), { message: /UTF-8/ });
  const mark = Buffer.concat([Buffer.from('\ufeff'), Buffer.from(stateOf(resource({ x: 1 })))]);
  t.equal(await verdicts(plan, mark), 'PROVEN PROVEN');
});
