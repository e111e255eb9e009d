/** Claims files, and how much of a source is read (src/declare). */
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseClaims } from '../../src/declare/claims.ts';
import { packOf } from '../../src/declare/packs.ts';
import { checkExpression } from '../../src/claim/expression.ts';
import { readTexts } from '../../src/declare/node/texts.ts';
import { JSON_SOURCE } from '../../src/declare/sources/json.ts';
import { readFault } from '../../src/claim/reads.ts';
import { PROBES } from '../../src/probe/registry.ts';
import { CLAIMS } from '../support/claims-file.ts';

t.test('no more of a source is read than is taken', async (t) => {
  const cwd = t.testdir({ 'large.json': '' });
  truncateSync(join(cwd, 'large.json'), 3 * 2 ** 30);
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) yield new Uint8Array(2 ** 23);
  };
  const text = (operand: string): Promise<unknown> =>
    readTexts({ source: JSON_SOURCE, named: [operand], cwd, stdin: endless(), recursive: false });
  await t.rejects(text('large.json'), { code: 'too-large', message: /large\.json has more than/ });
  await t.rejects(text('-'), { code: 'too-large', message: /^standard input has more than/ });
});

t.test('claims', async (t) => {
  const asked = parseClaims(CLAIMS);
  t.match(asked, {
    tier: 'critical-path',
    approvals: 1,
    target: { owner: 'team-web' },
    scope: { world: 'closed' },
  });
  t.match(asked.claims.at(-1), { id: 'pinned', cadence: 3600, deadline: 300, grace: 2, minEvidence: 'E3' });
  t.ok(
    asked.claims.slice(0, -1).every(({ cadence, params }) => cadence === 7200 && params?.get('days') === 30),
  );
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['id: pinned', 'idd: pinned', /claims\[1\]\.id: is missing/],
    ['grace: 2', 'graze: 2', /claims\[1\]\.graze: is nothing that can be said here/],
    ['cadence: 1h', 'cadence: 60', /claims\[1\]\.cadence: is a duration/],
    ['minEvidence: E3', 'minEvidence: E9', /is one of E0/],
    ['severity: high', 'severity: huge', /is one of critical/],
    ['o.tls.certificate.spki ==', 'o.tls.certificate.spki =', /claims\[1\]\.expr: .*not valid CEL/],
    ['pack: https-tls', 'pack: https', /there is no pack https; there are https-tls/],
    ['pack: https-tls', 'pack: ssh-hardening', /needs the parameter fingerprint/],
    ['tier: critical-path', 'tier: high', /tier: is one of/],
    ['id: pinned', 'id: tls12-refused', /claim tls12-refused: is there twice/],
    ['days: 30', 'days: 3.5', /params\.days/],
  ];
  for (const [from, to, message] of wrong) {
    t.ok(CLAIMS.includes(from));
    t.throws(() => parseClaims(CLAIMS.replace(from, to)), { code: 'malformed-payload', message }, to);
  }
  // A tier has its pace, for packs and for claims that do not say their own.
  const plain = CLAIMS.replaceAll(/\n +(?:cadence|deadline): .*/g, '');
  const pace = (text: string, tier?: 'background'): Record<string, readonly (number | undefined)[]> =>
    Object.fromEntries(
      parseClaims(text, { tier }).claims.map(({ id, cadence, deadline }) => [id, [cadence, deadline]]),
    );
  t.match(pace(plain), {
    'tls12-refused': [900, 300],
    pinned: [900, 300],
    'certificate-lasts': [86_400, 300],
  });
  t.match(pace(plain.replace('critical-path', 'compliance-boundary')), { pinned: [3_600, 300] });
  const burst = 'tier: critical-path\nclaims: [{ pack: rate-limit, params: { rate: 10 } }]';
  t.match(pace(burst), { 'rate-limited': [3_600, 300] }, 'no tier asks for more than the target bears');
  t.match(pace(plain, 'background'), { 'tls12-refused': [86_400, 300] }, 'a flag counts for more');
  t.throws(() => parseClaims('claims: []'), { message: /there are none/ });
  const packs = PROBES.flatMap((probe) =>
    Object.entries(probe.packs ?? {}).map(([name, pack]) => ({ probe, name, pack })),
  );
  t.equal(new Set(packs.map(({ name }) => name)).size, packs.length, 'each pack has a name of its own');
  for (const { probe, name, pack } of packs) {
    // What is needed is a name; `days` of the packs over time are a number.
    const samples: Readonly<Record<string, string | number>> = {
      days: 90,
      protocols: 'TLSv1.3',
      issuer: 'https://issuer.example',
    };
    const given = new Map([
      ...pack.needs.map((each) => [each, samples[each] ?? each] as const),
      ...Object.keys(pack.leaves ?? {}).map((each) => [each, 'yes'] as const),
    ]);
    for (const { expr, params } of packOf(name, given)) {
      const shape = probe.observes(params ?? given);
      t.equal(readFault(expr, probe.name, shape, new Set(params?.keys())), undefined, expr);
    }
    for (const { id, expr } of pack.claims) {
      t.doesNotThrow(() => checkExpression(expr), `${name}: ${id}`);
    }
  }
});
