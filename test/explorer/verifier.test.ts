/** The verifier of the pages, over an honest log and over lies: each answer names the check. */
import t from 'tap';
import type { HistoryJson } from '#src/appraisal/past/json.ts';
import type { CheckShown, EntryShown } from '#src/explorer/page/worker/protocol.ts';
import { Asked } from '../support/asked-verifier.ts';
import { asked, DAY, period, saying, subject, tenHours } from '../support/ten-hours.ts';
import { cosigned, POLICY } from '../support/past-world.ts';
import { HOUR, START, SUBJECT } from '../support/see-world.ts';
import { forkOf } from '../support/served-log.ts';
import { entryIdOf, logSigner, otherStatement, ORIGIN, vkeys } from '../support/world.ts';

const outcomes = ({ checks }: { readonly checks: readonly CheckShown[] }) =>
  checks.map(({ name, outcome }) => `${name} ${outcome}`);

const failedIn = ({ checks }: { readonly checks: readonly CheckShown[] }) =>
  checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);

function entry(answer: unknown): EntryShown {
  return answer as EntryShown;
}

t.test('an honest log: the head', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  const first = await page.ask({ kind: 'head' });
  t.match(first, { verified: true, origin: ORIGIN, size: 12, seen: 'first', before: null, fault: null });
  t.match(first, { cosigned: [{ name: 'w1.example', time: w.now }, { name: 'w2.example' }], time: w.now });
  t.strictSame(outcomes(first as never), ['checkpoint ok', 'quorum ok', 'consistency ok']);
  t.match(await page.ask({ kind: 'head' }), { seen: 'same', before: 12 });
  await w.commit({ claims: [] }, 'other/1');
  t.match(await page.ask({ kind: 'head' }), { seen: 'newer', before: 12, size: 13 });
  const note = await logSigner.checkpoint(w.log.head(9));
  w.log.meddle = async (path) =>
    path === '/checkpoint' ? new Response(Buffer.from(await cosigned(note, [w.now, w.now]))) : undefined;
  const older = await page.ask({ kind: 'head' });
  t.match(older, { seen: 'older', before: 13, size: 9, fault: null, incident: null });
});

t.test('whose keys: a policy, verifier keys, neither', async (t) => {
  const w = await tenHours(t);
  const page = new Asked(w);
  t.match(await page.ask({ kind: 'head' }), { code: 'usage' }, 'nothing is opened yet');
  const shown = await page.open({ text: POLICY });
  t.match(shown, {
    whose: 'reader',
    logs: [ORIGIN],
    quorum: 'both',
    fingerprint: /^(?:[0-9a-f]{4} ){15}[0-9a-f]{4}$/,
  });
  t.match(await page.open({ whose: 'server' }), { whose: 'server', quorum: 'none', witnesses: [] });
  t.match(await page.ask({ kind: 'head' }), { verified: true, cosigned: [] });
  t.match(await page.ask({ kind: 'trust', text: 'log nonsense' }), { code: 'malformed-trust-policy' });
  t.match(await page.ask({ kind: 'trust', text: 'nonsense' }), { code: 'malformed-key' });
});

t.test('an honest log: entries', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  const shown = entry(await page.ask({ kind: 'entry', name: '6' }));
  t.ok(shown.verified);
  t.strictSame(outcomes(shown), [
    'statement ok',
    'checkpoint ok',
    'quorum ok',
    'inclusion ok',
    'policy ok',
    'signature ok',
    'enrolment ok',
    'receipt ok',
  ]);
  t.match(shown.entry, {
    index: 6,
    kind: 'proof',
    subject: SUBJECT,
    signer: 'agent',
    place: { index: 6, size: 12, log: ORIGIN },
    names: [
      { what: 'commitment', id: entryIdOf(w.log.entries[1] ?? new Uint8Array()) },
      { what: 'proof before' },
    ],
  });
  const steps = shown.entry?.place?.steps ?? [];
  t.equal(steps.at(-1)?.parent.hash, shown.entry?.place?.root);
  t.equal(steps[0]?.child.hash, shown.entry?.place?.leaf);
  t.ok(shown.entry?.rows.some(([name, text]) => name === 'says' && text.includes('VIOLATED')));
  const id = entryIdOf(w.log.entries[6] ?? new Uint8Array());
  t.match(await page.ask({ kind: 'entry', name: id }), { entry: { index: 6 }, verified: true }, 'by its id');
  const first = entry(await page.ask({ kind: 'entry', name: '1' }));
  t.ok(
    first.entry?.changes?.some(
      ({ name, before, after }) => name === 'environment' && before === null && after,
    ),
  );
  await w.commit({ environment: 'test' });
  const next = entry(await page.ask({ kind: 'entry', name: '12' }));
  t.strictSame(next.entry?.changes, [{ name: 'environment', before: 'prod', after: 'test' }]);
  t.match(await page.ask({ kind: 'entry', name: 'x' }), { checks: [], fault: { code: 'bad-locator' } });
  t.match(await page.ask({ kind: 'entry', name: '99' }), {
    verified: false,
    checks: [],
    fault: { code: 'beyond-head' },
  });
});

t.test('an honest log: a subject', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  const told = JSON.parse(
    JSON.stringify(
      subject(await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period })).past,
    ),
  ) as HistoryJson;
  const visible = { since: START + 6 * HOUR, until: START + DAY };
  saying(w, told);
  const shown = subject(await page.ask({ kind: 'subject', subject: SUBJECT, period, visible, told: true }));
  t.match(shown.status, { subject: SUBJECT, claims: [{ claim: 'tls-min', verdict: 'PROVEN' }] });
  t.strictSame(shown.differs, []);
  t.match(shown.past.claims[0]?.figures, { looks: 10, proven: 9, failed: 1 });
  t.match(shown.csv, /^record,subject,claim/);
  t.equal(shown.csv.split('\n').filter((each) => each.startsWith('look,')).length, 10);
  t.strictSame(page.partsOf('told')[0]?.past, told);
  const kinds = page.parts.map(({ kind }) => kind).filter((kind) => kind !== 'told');
  t.strictSame(kinds.slice(0, 4), ['head', 'status', 'entries', 'count']);
  t.strictSame(
    page.partsOf('entries')[0]?.verified,
    [6, 11, 10, 9, 8, 7, 5, 4, 3, 2],
    'the failed one, the visible, the others',
  );
  t.match(page.partsOf('past')[0], { period: visible.since === START ? {} : { since: visible.since } });
  const why = await page.ask({ kind: 'why', subject: SUBJECT, claim: 'tls-min' });
  t.match(why, { status: { verdict: 'PROVEN' }, proof: 11, commitment: 1 });
  t.ok('rows' in why && why.rows.some(({ name }) => name === 'evidence'));
  t.match(await page.ask({ kind: 'subject', subject: 'no/such', period, visible: period }), {
    code: 'not-found',
    nature: 'absent',
  });
  t.match(
    subject(await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period, at: 'size:7' }))
      .status,
    { claims: [{ verdict: 'VIOLATED' }] },
    'as of a moment',
  );
  const whole = subject(
    await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period, whole: true }),
  );
  t.equal(whole.past.claims[0]?.figures.grade_looks, 'whole');
});

t.test('an honest log: several subjects, and rows of a listing', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  const claims = [{ claim: 'tls-min', verdict: 'PROVEN', hidden: null }] as const;
  t.strictSame(
    await page.ask({
      kind: 'subjects',
      subjects: [{ subject: SUBJECT, claims }, { subject: 'no/such' }, { subject: SUBJECT, claims: [] }],
    }),
    { verified: 2, of: 3 },
  );
  t.match(
    page.partsOf('subject').map(({ same, fault }) => [same, fault?.code]),
    [
      [true, undefined],
      [undefined, 'not-found'],
      [false, undefined],
    ],
  );
  const rows = w.log.entries
    .map((each, index) => ({ index, id: entryIdOf(each), subject: SUBJECT, time: START }))
    .slice(1);
  const [one, two, ...others] = rows;
  if (one === undefined || two === undefined) throw new Error('there are rows');
  t.strictSame(await page.ask({ kind: 'rows', rows: [one, { ...two, id: one.id }, ...others] }), {
    verified: 10,
    of: 11,
  });
  t.match(page.partsOf('entries')[0]?.wrong, [{ index: 2, fault: { code: 'proof-failed' } }]);
});

t.test('an honest log: a search', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  const all = await page.ask({ kind: 'search', limit: 5 });
  t.match(all, { next: 7, checked: /12 entries/ });
  t.match('found' in all ? all.found.map(({ index, kind, signer }) => [index, kind, signer]) : [], [
    [11, 'proof', 'agent'],
    [10],
    [9],
    [8],
    [7],
  ]);
  t.equal(page.partsOf('found')[0]?.rows.length, 5, 'told before they are verified');
  t.match(await page.ask({ kind: 'search', of: 'commitment', limit: 5 }), {
    found: [{ index: 1 }],
    next: null,
  });
  const timed = await page.ask({
    kind: 'search',
    since: START + 3 * HOUR,
    until: START + 5 * HOUR,
    limit: 5,
  });
  t.match('found' in timed ? timed.found.map(({ index }) => index) : [], [6, 5]);
  t.match(await page.ask({ kind: 'search', subject: SUBJECT, limit: 50, whole: true }), {
    checked: /the whole log was read/,
  });
});

t.test('lies about the head', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  await page.ask({ kind: 'head' });
  const fork = forkOf(w.log, 8, [
    await otherStatement('a'),
    await otherStatement('b'),
    await otherStatement('c'),
    await otherStatement('d'),
    await otherStatement('e'),
  ]);
  const honest = w.log.entries;
  w.log.entries = fork.entries;
  const forked = await page.ask({ kind: 'head' });
  t.match(forked, {
    verified: false,
    seen: 'fork',
    before: 12,
    fault: { code: 'inconsistent', nature: 'lie' },
  });
  t.strictSame(failedIn(forked as never), ['consistency']);
  t.match(forked, { incident: { name: /^incident-.*\.json$/, text: /split-view/ } });
  t.match(await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period }), {
    code: 'inconsistent',
  });
  t.match(page.partsOf('head'), [{ head: { seen: 'fork' } }], 'the page is told which check failed');
  w.log.entries = honest.slice(0, 9);
  t.match(await page.ask({ kind: 'head' }), {
    seen: 'back',
    before: 12,
    size: null,
    incident: { text: /rollback/ },
  });
  w.log.entries = honest;
  const other = await asked(w);
  w.log.meddle = (path) => (path === '/checkpoint' ? new Response('nonsense') : undefined);
  t.match(await other.ask({ kind: 'head' }), { checks: [], seen: null, fault: { nature: 'away' } });
});

t.test('witnesses that did not cosign, and keys of another log', async (t) => {
  const w = await tenHours(t);
  w.log.meddle = () => undefined;
  const page = await asked(w);
  const unmet = await page.ask({ kind: 'head' });
  t.strictSame(outcomes(unmet as never), ['checkpoint ok', 'quorum failed']);
  await page.open({ text: vkeys.join('\n').replaceAll('log.example/tally', 'other.example/log') });
  const foreign = await page.open({ text: 'other.example+c7d2a5b1+AeQ' });
  t.match(foreign, { nature: 'input' });
});

t.test('lies about an entry', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  const [five, six] = [w.log.entries[5], w.log.entries[6]];
  if (five === undefined || six === undefined) throw new Error('there are entries');
  const bundle = w.log.meddle;
  const swapped = forkOf(w.log, 6, [five, ...w.log.entries.slice(7)]);
  w.log.meddle = (path, method) =>
    path.startsWith('/tile/entries') ? swapped.fetch(`http://log.example${path}`) : bundle(path, method);
  const shown = entry(await page.ask({ kind: 'entry', name: '6' }));
  t.strictSame([shown.verified, failedIn(shown)], [false, ['inclusion']]);
  t.equal(shown.fault?.code, 'proof-failed');
  const rows = [{ index: 6, id: entryIdOf(six), subject: SUBJECT, time: START }];
  t.strictSame(await page.ask({ kind: 'rows', rows }), { verified: 0, of: 1 });
  w.log.meddle = (path, method) =>
    path === `/entries/${entryIdOf(six)}`
      ? w.log.receiptOf(5).then((each) => new Response(Buffer.from(each)))
      : bundle(path, method);
  t.strictSame(failedIn(entry(await page.ask({ kind: 'entry', name: '6' }))), ['receipt']);
});

t.test('a server that computes otherwise, and a search that leaves out', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  const ask = { kind: 'subject', subject: SUBJECT, period, visible: period } as const;
  const honest = subject(await page.ask(ask)).past;
  const claims = honest.claims.map((each) => ({
    ...each,
    looks: each.looks
      .filter(({ index }) => index !== 6)
      .map((look) => (look.index === 7 ? { ...look, verdict: 'VIOLATED' as const } : look)),
  }));
  const late = Promise.withResolvers<typeof honest>();
  saying(w, late.promise);
  page.onPart = (_, part) => {
    if (part.kind === 'entries') late.resolve({ ...honest, claims });
  };
  const lied = subject(await page.ask({ ...ask, told: true }));
  t.equal(page.parts.at(-1)?.kind, 'count', 'the word came after the verifying had begun, and is compared');
  t.strictSame(
    lied.differs.map(({ what, index }) => [what, index]),
    [
      ['left out', 6],
      ['look', 7],
    ],
  );
  const otherwise = new Asked(w);
  await otherwise.ask({
    kind: 'open',
    log: 'http://log.example',
    origin: ORIGIN,
    trust: { whose: 'reader', text: POLICY },
    served: vkeys.join('\n'),
  });
  t.strictSame(
    subject(await otherwise.ask({ ...ask, told: true })).differs.map(({ what }) => what),
    ['left out'],
    'under another policy a server may see another verdict in good faith',
  );
  w.hidden.add(6);
  t.match(
    await (await asked(w)).ask(ask),
    { code: 'proof-failed', text: /leaves out entry 6 .*it is in the tree/ },
    'the tail is read, and a chain would have a hole',
  );
});

t.test('nobody answers, and nobody waits any more', async (t) => {
  const w = await tenHours(t);
  const page = await asked(w);
  w.away = true;
  const away = await page.ask({ kind: 'head' });
  t.match(away, { verified: false, checks: [], fault: { nature: 'away' } });
  t.match(await page.ask({ kind: 'entry', name: '6' }), { checks: [], fault: { nature: 'away' } });
  w.away = false;
  page.onPart = (id, part) => {
    if (part.kind === 'status') void page.verifier.take({ id, stop: true });
  };
  t.match(await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period }), {
    code: 'stopped',
  });
  page.onPart = () => undefined;
  t.match(
    await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period }),
    { differs: [] },
    'and goes on',
  );
});

t.test(
  'a remembered head that is damaged is the fault of the memory, and the server is not blamed',
  async (t) => {
    const w = await tenHours(t);
    const page = await asked(w);
    await page.memory.remember(ORIGIN, new TextEncoder().encode('garbage'));
    const head = await page.ask({ kind: 'head' });
    t.match(head, { verified: false, seen: null, before: null, fault: { code: 'config-invalid' } });
    t.match(await page.ask({ kind: 'entry', name: '1' }), {
      fault: { code: 'config-invalid' },
      verified: false,
    });
  },
);
