/** Declared matrices of who may reach what: read strictly, drawn by a seed, and never said to be whole when they are a sample. */
import fc from 'fast-check';
import t from 'tap';
import { formatHex } from '#src/bytes/text.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { drawn, drawSeed } from '#src/evidence/draw.ts';
import { pairsOf } from '#src/probe/net/matrix.ts';
import { makeNetProbe } from '#src/probe/net/probe.ts';
import { hashOf, tcp } from '../support/e3-targets.ts';
import { openedMatrix } from '../support/net-matrix.ts';
import { claimOf, look, type Rest } from '../support/probe-targets.ts';
import { quickPace } from '../support/net-pace.ts';

const pace = quickPace();
const probe = makeNetProbe({ connectMs: 300, answerMs: 200, lossMs: 900 }, pace);

t.test('a draw is a sample, each once, and the same for everyone', (t) => {
  fc.assert(
    fc.property(
      fc.nat(300),
      fc.nat(40),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (total, count, seed) => {
        const found = drawn(total, count, seed);
        t.equal(found.length, Math.min(total, count));
        t.same(
          found,
          [...new Set(found)].toSorted((a, b) => a - b),
        );
        t.ok(found.every((each) => each >= 0 && each < total));
        t.same(drawn(total, count, seed), found);
      },
    ),
    { numRuns: 50 },
  );
  const seed = drawSeed(hashOf('seed'), 7, hashOf('root'));
  t.equal(
    formatHex(seed),
    '29380ee007231bc10c2d02d7d403eafe5814955422fdce9cbcc583172abeb55c',
    'computed with Python',
  );
  t.same(drawn(100, 5, seed), [27, 37, 50, 65, 69]);
  t.notSame(drawSeed(hashOf('seed'), 8, hashOf('root')), seed, 'each slot draws anew');
  const counts = Array.from({ length: 10 }, () => 0);
  for (let slot = 0; slot < 2_000; slot++)
    for (const each of drawn(10, 3, drawSeed(hashOf('seed'), slot, hashOf('root'))))
      counts[each] = (counts[each] ?? 0) + 1;
  t.ok(
    counts.every((count) => count > 500 && count < 700),
    `each of ten is drawn some 600 times of 2,000: ${counts.join()}`,
  );
  t.end();
});

const MATRIX = `
doors:
  db: { at: 'db.example:5432', answer: tls, starttls: postgres }
  ssh: { at: 'db.example:22', answer: ssh }
  web: { at: 'web.example:443', servername: www.example }
  dns: { at: 'db.example:53', transport: udp, answer: banner, banner: x }
allow:
  app: [db, web]
  ops: [ssh, dns]
  guest: []
`;

t.test('a matrix is closed: what is not allowed is denied', (t) => {
  const of = (source: string): string =>
    pairsOf(source, openedMatrix(MATRIX))
      .map(({ door, allowed, pair }) => `${door} ${allowed} ${pair.control?.port ?? '-'}`)
      .join(', ');
  t.equal(
    of('app'),
    'db true -, dns false -, ssh false 5432, web true -',
    'the control is a door of the same host that is allowed',
  );
  t.equal(of('ops'), 'db false 22, dns true -, ssh true -, web false -');
  t.equal(
    of('guest'),
    'db false -, dns false -, ssh false -, web false -',
    'without a control nothing is shown to be denied',
  );
  const bad = (yaml: string, says: RegExp, source = 'app'): void =>
    void t.throws(() => pairsOf(source, openedMatrix(yaml)), { code: 'config-invalid', message: says }, yaml);
  bad(MATRIX, /no source nobody/, 'nobody');
  bad(MATRIX.replace('[db, web]', '[db, mail]'), /mail is allowed, and is no door/);
  bad(`${MATRIX}deny: { app: [ssh] }`, /doors and allow alone/);
  bad('doors: {}\nallow: { app: [] }', /no door/);
  bad('allow: { app: [] }', /doors and allow alone/);
  bad('- 1', /doors and allow alone/);
  bad(MATRIX.replace('[db, web]', 'db'), /no list/);
  bad(MATRIX.replace('[db, web]', '[1]'), /no list/);
  bad(MATRIX.replace('answer: ssh', 'answer: ssh, proto: 6'), /a field besides/);
  bad(MATRIX.replace('servername: www.example', 'servername: 1'), /no text/);
  bad(MATRIX.replace("at: 'db.example:22', ", ''), /no address/);
  bad(MATRIX.replace("'db.example:22'", "'db.example'"), /one port/);
  bad(MATRIX.replace('answer: ssh', 'answer: pigeon'), /one of/);
  t.end();
});

const [claim] = packOf('network-as-declared', new Map([['target', 'matrix:app']]));
function said(seen: Observed): string {
  if (claim === undefined) throw new Error('the pack has a claim');
  return [claim, claimOf(probe, 'o.net.matrix.whole')]
    .map((each) => judgeClaim(each, seen).verdict)
    .join(', ');
}

t.test('pairs that are drawn', async (t) => {
  const [db, ssh] = [
    await tcp((socket) => void socket.end('DB')),
    await tcp((socket) => void socket.end('SSH')),
  ];
  const closed = await tcp(() => undefined);
  await closed.stop();
  const door = (port: number, banner: string): string =>
    `{ at: '127.0.0.1:${port}', answer: banner, banner: ${banner} }`;
  const yaml = `
doors: { db: ${door(db.port, 'DB')}, ssh: ${door(ssh.port, 'SSH')}, gone: ${door(closed.port, 'GONE')} }
allow: { app: [db], both: [db, ssh], lax: [db, ssh, gone] }`;
  const run = (source: string, draw: number, rest: Rest = {}): Promise<Observed> =>
    look(
      probe,
      `matrix:${source}`,
      { draw },
      { declared: openedMatrix(yaml), draw: hashOf('draw'), ...rest },
    );

  const app = await run('app', 32);
  t.equal(said(app), 'VIOLATED, VIOLATED', 'ssh is denied, and answers');
  t.match(app.value, {
    matrix: { source: 'app', pairs: 3, drawn: 3, right: 1, wrong: 1, by: 'slot', whole: false },
    drawn: [
      { to: 'db', allowed: true, outcome: 'answered', asDeclared: true },
      { to: 'gone', allowed: false, outcome: 'reset', asDeclared: undefined, why: /reset/ },
      { to: 'ssh', allowed: false, outcome: 'answered', asDeclared: false },
    ],
  });
  t.match(app.population, { total: 3, sampled: 2, method: 'slot-seed' });

  const both = await run('both', 32);
  t.equal(
    said(both),
    'UNKNOWN, UNKNOWN',
    'a reset does not show that a door is denied, and hides nothing else',
  );
  t.equal(said(await run('lax', 32)), 'VIOLATED, VIOLATED', 'an allowed door is reset');

  const sampled = new Set<string>();
  for (let i = 0; i < 12; i++) {
    const seen = await run('both', 1, { draw: hashOf(`draw ${i}`) });
    t.match(seen.value, { matrix: { pairs: 3, drawn: 1 } });
    t.not(
      judgeClaim(claimOf(probe, 'o.net.matrix.whole'), seen).verdict,
      'PROVEN',
      'one pair is not the matrix',
    );
    sampled.add(said(seen));
  }
  t.same([...sampled].toSorted(), ['PROVEN, UNKNOWN', 'UNKNOWN, UNKNOWN'], 'a sample is PROVEN as that');
  const seen = await run('both', 1, { draw: undefined });
  t.match(
    [seen.value, seen.population],
    [{ matrix: { by: 'nonce' } }, { method: 'own-nonce' }],
    'a run that is in no slot says so',
  );

  const alone = await run('app', 32, {
    consented: (at) => (at.endsWith(`:${db.port}`) ? { pairsPerMinute: 60 } : undefined),
  });
  t.equal(said(alone), 'UNKNOWN, UNKNOWN', 'a pair that is not enrolled is not tried');
  t.match(alone.value['drawn'], [
    { asDeclared: true },
    { why: /consent of both ends/ },
    { why: /consent of both ends/ },
  ]);
  const none = await run('app', 32, { consented: () => undefined });
  for (const expr of ['o.net.matrix.wrong == 0', 'o.net.matrix.wrong < 1'])
    t.equal(judgeClaim(claimOf(probe, expr), none).verdict, 'UNKNOWN', `${expr}, and no pair was tried`);
  for (const server of [db, ssh]) await server.stop();
});

t.test('a claim of a matrix names its source, and how many pairs are drawn', async (t) => {
  const bad = (target: string, params: object, says: RegExp): Promise<unknown> =>
    t.rejects(look(probe, target, { ...params }, { declared: openedMatrix(MATRIX) }), {
      code: 'config-invalid',
      message: says,
    });
  await bad('matrix:app', {}, /draw.*is needed/);
  await bad('db.example:22', { draw: 3 }, /matrix:SOURCE/);
  await bad('matrix:app', { draw: 33 }, /from 1 to 32/);
  await bad('matrix:nobody', { draw: 3 }, /no source/);
  await t.rejects(look(probe, 'matrix:app', { draw: 3 }), { code: 'config-invalid', message: /openings/ });
});
