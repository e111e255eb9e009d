/** The two registries of probes, what they say and what runs, hold together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeSelfProbe, SELF_PROBE } from '#src/agent/self.ts';
import { FRAMEWORKS } from '#src/audit/controls/data/frameworks.ts';
import { PROBES } from '#src/probe/registry.ts';
import { READY } from '#src/probe/ready.ts';
import { signedFactsFor } from '#src/probe/signed.ts';
import { findProbe, RUNNABLE } from '#src/probe/runners.ts';

t.test('every probe that is described runs, and runs as it is described', async (t) => {
  t.same(
    PROBES.map(({ name }) => name).filter((name) => name !== SELF_PROBE),
    RUNNABLE,
    'the same names in the same order',
  );
  for (const described of PROBES) {
    const probe = described.name === SELF_PROBE ? makeSelfProbe({}, '') : await findProbe(described.name);
    for (const [part, value] of Object.entries(described))
      t.equal(probe && Reflect.get(probe, part), value, `${described.name}: ${part}`);
  }
  t.equal(await findProbe('nothing@1'), undefined);
});

t.test('names are given once', async (t) => {
  const names = PROBES.map(({ name }) => name);
  t.same(names, [...new Set(names)]);
  for (const name of names) t.match(name, /^[a-z][a-z0-9-]*@[1-9][0-9]*$/);
  const packs = PROBES.flatMap(({ packs = {} }) => Object.keys(packs));
  t.same(packs, [...new Set(packs)], 'a pack is found by its name alone');
});

t.test('who signs is seen by a probe that there is, with parameters that it has', async (t) => {
  const given = new Map([
    ['servername', 'shop.example'],
    ['starttls', 'smtp'],
    ['days', '14'],
    ['tables', 'public.orders'],
  ]);
  for (const { name, sight } of PROBES) {
    const seen = sight?.(given);
    if (seen === undefined) continue;
    const by = PROBES.find((each) => each.name === seen.probe);
    for (const key of seen.params.keys()) t.ok(by && Object.hasOwn(by.parameters, key), `${name}: ${key}`);
  }
  const at = (name: string) => PROBES.find((each) => each.name === name)?.sight?.(given);
  t.same(at('tls@1')?.params, new Map([...given].slice(0, 2)), 'and nothing that is only compared');
  t.same(at('postgres@1'), { probe: 'tls@1', params: new Map([['starttls', 'postgres']]) });
  t.equal(at('exec@1'), undefined, 'only the collector knows which target it looks at');
});

t.test('a probe that says E3 or E4 says what is signed, and no other', async (t) => {
  for (const { name, evidence, signed, packs = {} } of PROBES) {
    t.equal(signed?.byTarget !== undefined, evidence.includes('E3'), `${name}: E3`);
    t.equal(signed?.byOther !== undefined, evidence.includes('E4'), `${name}: E4`);
    t.same(signedFactsFor(name), signed ?? {}, 'readers find it by the name');
    if (READY.has(name)) t.equal(READY.get(name), packs, 'and its ready claims');
  }
  t.same(signedFactsFor('tls@2'), {}, 'another version of a probe is another probe');
});

t.test('reports know the ready claims of each probe that a table of frameworks names', async (t) => {
  const named = new Set(
    FRAMEWORKS.flatMap(({ items }) => items).flatMap(({ claims }) => claims.map(({ probe }) => probe)),
  );
  t.ok(named.size > 5);
  for (const name of named) t.ok(name !== undefined && READY.has(name), `${name}`);
});

t.test('the page of a probe has what the probe says of itself', async (t) => {
  for (const { name, parameters, secrets = {}, evidence, blastRadius, timeoutMs, packs = {} } of PROBES) {
    const [folder = ''] = name.split('@', 1);
    const page = readFileSync(join(import.meta.dirname, '../../src/probe', folder, 'README.md'), 'utf8');
    const has = (words: string, what: string): void =>
      void t.ok(plainly(page).includes(plainly(words)), `${name}: ${what}`);
    t.ok(page.startsWith(`# ${name}\n`));
    has(evidence, 'classes');
    has(blastRadius, 'what it does');
    has(`at most ${timeoutMs / 1_000} s`, 'time');
    for (const pack of Object.keys(packs)) has(`\`${pack}\``, `pack ${pack}`);
    for (const [secret, { help, isSent }] of Object.entries(secrets)) {
      has(`\`${secret}\` (${help}), ${isSent ? 'sent' : 'not sent'}`, `secret ${secret}`);
    }
    const rows = Array.from(page.matchAll(/^\| `([^`]+)` +\|(.*)\|$/gm), ([, key = '', cells = '']) => [
      key,
      ...cells.split(/(?<!\\)\|/).map((cell) => plainly(cell)),
    ]);
    const owned = page.includes('| whose');
    const wanted = Object.entries(parameters).map(([key, { type, help, by = 'claim' }]) => [
      key,
      type,
      ...(owned ? [by] : []),
      plainly(help),
    ]);
    t.same(rows.slice(0, wanted.length), wanted, `${name}: parameters`);
  }
});

/** As it is read: without marks of Markdown, and however its lines are broken. */
function plainly(text: string): string {
  return text
    .replaceAll(/[`*_\\]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

t.test('the page of probes links to the page of each', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../spec/probes.md'), 'utf8');
  for (const { name } of PROBES) {
    const place = `src/probe/${name.split('@', 1)[0] ?? ''}/README.md`;
    t.ok(page.includes(`[${name}](../${place})`), `${name}: spec/probes.md links to ${place}`);
  }
});
