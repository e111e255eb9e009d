/** The data of frameworks is consistent, and a claim supports an item only if it asks what the item's claim asks. */
import t from 'tap';
import { FRAMEWORKS } from '#src/audit/controls/data/frameworks.ts';
import type { Framework, Item } from '#src/audit/controls/framework.ts';
import { extendFrameworks } from '#src/audit/controls/parse.ts';
import { supportedBy } from '#src/audit/controls/supports.ts';
import { packOf } from '#src/declare/packs.ts';
import { PROBES } from '#src/probe/registry.ts';
import type { Claim } from '#src/statement/commitment.ts';

const frameworkOf = (id: string, all = FRAMEWORKS): Framework => {
  const found = all.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no framework ${id}`);
  return found;
};
const itemOf = (framework: Framework, id: string): Item => {
  const found = framework.items.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no item ${id}`);
  return found;
};
const readyClaim = (id: string): Claim => {
  const found = packOf('https-tls', new Map()).find((each) => each.id === id);
  if (found === undefined) throw new Error(`no claim ${id}`);
  return found;
};

t.test('each framework says what was read, and when', (t) => {
  t.equal(new Set(FRAMEWORKS.map(({ id }) => id)).size, FRAMEWORKS.length, 'ids differ');
  for (const { id, edition, source, read, items, basis } of FRAMEWORKS) {
    t.ok(edition.length > 0 && source.length > 0, `${id}: edition and source`);
    t.match(read, /^20\d\d-\d\d-\d\d$/, `${id}: the day it was read`);
    t.ok(['text', 'secondary'].includes(basis), `${id}: text or secondary`);
    t.equal(new Set(items.map((each) => each.id)).size, items.length, `${id}: no item twice`);
    for (const item of items) t.notMatch(item.title, /compl(y|ies|iant)/i, `${id} ${item.id}`);
  }
  t.end();
});

t.test('every claim that the data names is a ready claim of a probe', (t) => {
  const ready = new Set(
    PROBES.flatMap(({ name, packs = {} }) =>
      Object.values(packs).flatMap(({ claims }) => claims.map(({ id }) => `${name} ${id}`)),
    ),
  );
  const named = FRAMEWORKS.flatMap(({ items }) => items.flatMap(({ claims }) => claims));
  for (const { probe, claim } of new Set(named))
    t.ok(ready.has(`${probe ?? ''} ${claim}`), `${probe} ${claim}`);
  t.end();
});

t.test('every control that a pack names is an item', (t) => {
  for (const { packs = {} } of PROBES)
    for (const { claims } of Object.values(packs))
      for (const { id, controls = [] } of claims)
        for (const control of controls)
          t.ok(
            itemOf(frameworkOf(control.framework), control.id),
            `${id}: ${control.framework} ${control.id}`,
          );
  t.end();
});

t.test('cadences that texts ask for', (t) => {
  const cadence = (framework: string, item: string): number | undefined =>
    itemOf(frameworkOf(framework), item).cadence?.seconds;
  t.equal(cadence('FedRAMP-20x-B', 'KSI-MLA-EVC'), 7 * 86_400);
  t.equal(cadence('FedRAMP-20x-C', 'KSI-MLA-EVC'), 3 * 86_400);
  t.equal(cadence('PCI-DSS-4.0.1', '11.5.2'), 7 * 86_400);
  t.equal(cadence('SOC2-2017', 'CC7.1'), undefined, 'the criteria name none');
  t.end();
});

t.test('who says that a claim supports an item', (t) => {
  const pci = frameworkOf('PCI-DSS-4.0.1');
  const item = itemOf(pci, '4.2.1');
  const { controls: _, ...claim } = readyClaim('tls12-refused');
  t.equal(supportedBy(pci, item, claim), 'table');
  t.equal(supportedBy(pci, item, { ...claim, id: `edge-${claim.id}` }), 'table', 'a prefix');
  const named = { ...claim, expr: 'true', controls: [{ framework: pci.id, id: '4.2.1' }] };
  t.equal(supportedBy(pci, item, named), 'commitment', 'the author says so');
  t.equal(
    supportedBy(pci, item, { ...claim, expr: 'true' }),
    undefined,
    'the id of a ready claim is not enough',
  );
  t.equal(supportedBy(pci, item, { ...claim, probe: 'exec@1' }), undefined, 'of another probe');
  t.equal(supportedBy(pci, itemOf(pci, '11.5.2'), claim), undefined, 'of another item');
  t.end();
});

const FILE = `
frameworks:
  - id: SOC2-2017
    items:
      - { id: CC6.7, claims: [legacy-gateway] }
  - id: ACME
    title: Baseline of ACME
    edition: "7"
    source: https://acme.example/baseline
    read: "2026-11-30"
    items:
      - { id: NET-4, title: Only TLS 1.3, cadence: 3d, claims: [tls12-refused] }
`;

t.test("a file of the user's adds items and claims, and takes nothing away", (t) => {
  const all = extendFrameworks(FRAMEWORKS, FILE);
  const soc2 = frameworkOf('SOC2-2017', all);
  const acme = frameworkOf('ACME', all);
  t.equal(soc2.items.length, frameworkOf('SOC2-2017').items.length);
  const legacy = { ...readyClaim('tls12-refused'), id: 'legacy-gateway', controls: [] };
  t.equal(supportedBy(soc2, itemOf(soc2, 'CC6.7'), legacy), 'file');
  t.equal(
    supportedBy(soc2, itemOf(soc2, 'CC6.7'), { ...readyClaim('tls12-refused'), controls: [] }),
    'table',
  );
  t.equal(itemOf(acme, 'NET-4').cadence?.seconds, 3 * 86_400);
  t.end();
});

t.test("what a user's file may not say", (t) => {
  const refused = (text: string, pattern: RegExp): void => {
    t.throws(() => extendFrameworks(FRAMEWORKS, text), { message: pattern }, String(pattern));
  };
  refused('frameworks: [{ id: SOC2-2017, title: Another }]', /leave it out/);
  refused('frameworks: [{ id: ACME }]', /title: is missing/);
  refused('framework: []', /is nothing that can be said here/);
  const weaker = 'frameworks: [{ id: PCI-DSS-4.0.1, items: [{ id: "11.5.2", cadence: 30d }] }]';
  refused(weaker, /longer than the text allows/);
  t.end();
});
