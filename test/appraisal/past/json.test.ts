/** The one JSON of a history: whole, the same each time, with every member that spec/audit.md names. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { historyJson } from '#src/appraisal/past/json.ts';
import { knownHistory } from '#src/appraisal/past/known.ts';
import type { PastRecord } from '#src/appraisal/past/types.ts';
import { goldenHalfYear, PERIOD } from '../../support/golden-half-year.ts';
import { T } from '../../support/past-story.ts';

const { story } = await goldenHalfYear();
const jsonOf = (record: PastRecord) => historyJson(knownHistory(record, PERIOD), record.policies);

/** Every member of objects below a value, and each place that is not plain data. */
function walk(value: unknown, at: string, names: Set<string>): readonly string[] {
  if (value === undefined) return [`${at} is undefined`];
  if (typeof value === 'number' && !Number.isFinite(value)) return [`${at} is ${value}`];
  if (value === null || typeof value !== 'object') return [];
  if (value instanceof Uint8Array || value instanceof Map || value instanceof Set)
    return [`${at} is no plain data`];
  return Object.entries(value).flatMap(([name, each]) => {
    if (!Array.isArray(value)) names.add(name);
    return walk(each, `${at}.${name}`, names);
  });
}

t.test('plain data: nothing is left out, and it is the same from the same entries', async (t) => {
  const json = jsonOf(story.record());
  const names = new Set<string>();
  t.strictSame(walk(json, 'history', names), []);
  const again = await goldenHalfYear();
  t.strictSame(again.story.root(), story.root(), 'the half year is the same in every byte');
  const backwards = { ...story.record(), heads: story.record().heads.toReversed() };
  t.equal(JSON.stringify(jsonOf(backwards)), JSON.stringify(json), 'whatever the order of the heads');
});

t.test('spec/audit.md names every member of spans and looks', async (t) => {
  const spec = readFileSync(new URL('../../../spec/audit.md', import.meta.url), 'utf8');
  const { claims } = jsonOf(story.record());
  const members = claims.flatMap(({ spans, looks, figures }) =>
    [...spans, ...looks, figures].flatMap(Object.keys),
  );
  for (const name of new Set(members)) t.ok(spec.includes(`\`${name}\``), name);
});

t.test('a waived violation, a revoked look, and what was believed', async (t) => {
  const [tls] = jsonOf(story.record()).claims;
  const waived = tls?.spans.find(({ from }) => from === T('2026-02-20 11:00'));
  t.match(waived, {
    kind: 'waived',
    hides: 'failed',
    verdict: 'VIOLATED',
    started_after: T('2026-02-20 08:00'),
    waived_by: 'payments lead',
    waived_until: T('2026-02-22 11:00'),
  });
  const revoked = tls?.looks.find(({ at }) => at === T('2026-03-05 08:00'));
  t.match(revoked, {
    name: 'agent two',
    stated: 'PROVEN',
    verdict: 'REVOKED',
    seq: 4,
    slot: null,
    vouched: 'witnesses',
  });
  t.match(tls?.differences[0], {
    believed: { verdict: 'PROVEN', hidden: null },
    known: { verdict: 'REVOKED', hidden: null },
    changed_by: [{ index: revoked === undefined ? -1 : tls?.differences[0]?.changed_by[0]?.index }],
  });
});
