/** An audit holds only if nothing failed, was missed or is unknown; and says what is not proven. */
import t from 'tap';
import { FRAMEWORKS } from '#src/audit/controls/data/frameworks.ts';
import { controlsCsv } from '#src/audit/controls/csv.ts';
import { DAY } from '#src/audit/controls/framework.ts';
import { auditReport, controlNamed, type AuditQuestion } from '#src/audit/report.ts';
import type { Figures, KnownHistory, Look, Span } from '#src/appraisal/past/known-types.ts';
import { packOf } from '#src/declare/packs.ts';

const START = 20_000 * DAY;
const PERIOD = { since: START, until: START + 2 * DAY };
const CLAIMS = packOf('https-tls', new Map()).filter(({ id }) => id === 'tls12-refused');
const NONE = { failed: 0, uncovered: 0 };
const FINE = {
  grades: { looks: 'whole', time: 'whole' },
  expected: 2,
  looks: 2,
  proven: 2,
  failed: 0,
  other: 0,
  missed: 0,
  late: 0,
  seconds: { covered: 2 * DAY, failed: 0, uncovered: 0, waived: 0 },
  hidden: NONE,
  coveredBy: { E3: 2 * DAY },
  longestUncovered: undefined,
} satisfies Figures;

function historyOf(
  subject: string,
  figures: Partial<Figures> = {},
  more: Partial<KnownHistory> = {},
  spans: readonly Span[] = [],
): KnownHistory {
  const span = { from: START, to: PERIOD.until, kind: 'covered', commitment: 'c1' } as unknown as Span;
  const looks = [0.5, 1.5].map((at, oneWith) => ({
    at: START + at * DAY,
    verdict: 'PROVEN',
    commitment: 'c1',
    oneWith,
  }));
  const claim = {
    claim: 'tls12-refused',
    looks: looks as unknown as readonly Look[],
    spans: [span, ...spans],
    figures: { ...FINE, ...figures },
    moments: [],
    differences: [],
  };
  return {
    subject,
    origin: 'log.example',
    period: PERIOD,
    vouched: 'witnesses',
    heads: { before: {}, after: {} },
    declared: [{ entry: { id: 'c1' }, declaration: { claims: CLAIMS } }],
    claims: [claim],
    keys: [],
    grades: { policy: 'whole', proof: 'whole' },
    wrong: [],
    ...more,
  } as unknown as KnownHistory;
}

const QUESTION: AuditQuestion = {
  period: PERIOD,
  controls: ['SOC2-2017 CC6.7'],
  frameworks: FRAMEWORKS,
  inventory: undefined,
  subjects: [],
};

t.test('a period without a fault holds, and says that the population is not known', (t) => {
  const { faults, notProven } = auditReport(QUESTION, [historyOf('web/shop')]);
  t.strictSame(faults, []);
  t.match(notProven[0], /all systems is not known/);
  t.end();
});

t.test('everything that was not PROVEN is a fault, under a waiver too', (t) => {
  const cases: readonly (readonly [Partial<Figures>, RegExp])[] = [
    [{ failed: 1 }, /failed at 1 look;|failed at 1 look$/],
    [{ missed: 3 }, /missed 3 looks/],
    [{ late: 1 }, /was late/],
    [{ hidden: { failed: 60, uncovered: 0 } }, /failed under a waiver/],
    [{ hidden: { failed: 0, uncovered: 60 } }, /under a waiver of which nothing/],
  ];
  for (const [figures, says] of cases) {
    const { faults } = auditReport(QUESTION, [historyOf('web/shop', figures)]);
    t.match(faults[0], says);
  }
  const open = (why: string): Span =>
    ({ from: START, to: START + 7_200, kind: 'uncovered', why, commitment: undefined }) as unknown as Span;
  const unknown = auditReport(QUESTION, [historyOf('web/shop', {}, {}, [open('disbelieved')])]);
  t.match(unknown.faults[0], /nothing is known/);
  const unclaimed = auditReport(QUESTION, [historyOf('web/shop', {}, {}, [open('unclaimed')])]);
  t.strictSame(unclaimed.faults, [], 'a time without a claim is no fault of the claim');
  t.match(unclaimed.notProven.join(' '), /for 2 hours of the period no commitment in force claimed it/);
  const longer = { ...open('unclaimed'), to: START + 7_201 };
  const rounded = auditReport(QUESTION, [historyOf('web/shop', {}, {}, [longer])]);
  t.match(
    rounded.notProven.join(' '),
    /for 3 hours of the period/,
    'a second more than two hours is shown as three',
  );
  const wrong = auditReport(QUESTION, [historyOf('web/shop', {}, { wrong: ['entry 7 is too early'] })]);
  t.match(wrong.faults[0], /entry 7/);
  const empty = auditReport(QUESTION, [historyOf('web/shop', {}, { claims: [] })]);
  t.match(empty.faults, [/no claim in the period/, /no claim supports it/]);
  t.end();
});

t.test('a claim that came back after a time without it does not hold', (t) => {
  const span = (why: string | undefined): Span =>
    ({
      from: START,
      to: START + 14,
      kind: why === undefined ? 'covered' : 'uncovered',
      why,
    }) as unknown as Span;
  const hole = historyOf('web/shop', {}, {}, [span('withdrawn'), span(undefined)]);
  const { faults, notProven } = auditReport({ ...QUESTION, controls: [] }, [hole]);
  t.match(faults, [/was not claimed for a time, and claimed before and after/]);
  t.match(notProven.join(' '), /for 1 minute of the period/, 'what is short is never shown as nothing');
  const end = historyOf('web/shop', {}, {}, [span('withdrawn')]);
  t.strictSame(auditReport({ ...QUESTION, controls: [] }, [end]).faults, [], 'an end is no hole');
  t.end();
});

t.test('what is not proven is said', (t) => {
  const history = historyOf(
    'web/shop',
    { coveredBy: { E1: DAY } },
    {
      vouched: 'log',
      grades: { policy: 'word', proof: 'word' } as KnownHistory['grades'],
      keys: [
        { kid: 'ab'.repeat(32), names: ['spare'], revoked: undefined, proofs: 0, grade: 'word', why: '' },
      ],
    },
  );
  const { notProven } = auditReport(QUESTION, [history]);
  const all = notProven.join('\n');
  t.match(all, /No witness vouches/);
  t.match(all, /no policy, no proof was left out is the word of the log/);
  t.match(all, /agent key spare abababababab was allowed, and logged no proof/);
  t.match(all, /24 hours of the period it rests on what an agent/);
  t.end();
});

t.test('an inventory decides which systems a control is about', (t) => {
  const row = (name: string, subject: string, controls: readonly string[]) => ({
    line: 2,
    name,
    subject,
    controls,
  });
  const inventory = [row('Shop', 'web/shop', ['PCI-DSS-4.0.1 4.2.1']), row('Lost', 'db/*', [])];
  const question = { ...QUESTION, controls: [], inventory, subjects: ['web/shop', 'x'] };
  const { controls, population, faults } = auditReport(question, [
    historyOf('web/shop'),
    historyOf('x', { failed: 1 }),
  ]);
  t.strictSame(population?.logOnly, ['x']);
  t.strictSame(
    controls.map(({ item, supports }) => [item.id, supports.map(({ subject }) => subject)]),
    [['4.2.1', ['web/shop']]],
  );
  t.match(faults, [/x, tls12-refused: failed/, /Lost: the log has no commitment about db/]);
  t.end();
});

t.test('a control that nobody has is refused, naming those there are', (t) => {
  t.throws(() => controlNamed(FRAMEWORKS, 'SOC3 CC6.7'), { code: 'not-found', message: /SOC2-2017/ });
  t.throws(() => controlNamed(FRAMEWORKS, 'SOC2-2017 CC99'), { code: 'not-found', message: /CC6\.7/ });
  t.end();
});

t.test('controls.csv has a row for each day, and one for an item without support', (t) => {
  const { controls } = auditReport({ ...QUESTION, controls: ['SOC2-2017 CC6.7', 'SOC2-2017 CC6.3'] }, [
    historyOf('web/shop'),
  ]);
  const [header, first, , last] = controlsCsv(controls).split('\n');
  t.match(header, /^framework,edition,item/);
  t.match(first, /^SOC2-2017,.*,CC6\.7,.*,web\/shop,tls12-refused,commitment,whole,2024-10-04,covered,1$/);
  t.match(last, /CC6\.3,.*,unsupported,0$/);
  t.end();
});
