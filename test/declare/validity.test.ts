/** `validity` of a claims file. */
import t from 'tap';
import { parseClaims } from '../../src/declare/claims.ts';

const file = (validity: string): string => `
validity: ${validity}
target: { locators: ['127.0.0.1:1'] }
claims:
  - { id: c, probe: self@1, expr: "o.self.uid >= 0", params: { target: self }, minEvidence: E1, cadence: 1h, severity: high }
`;

t.test('times', async (t) => {
  const read = (validity: string) => parseClaims(file(validity)).validity;
  t.strictSame(read('{ notBefore: "2026-12-01T00:00:10Z" }'), { notBefore: 1_796_083_210 });
  t.strictSame(read('{ notAfter: "2026-12-01" }'), { notAfter: 1_796_083_200 });
  t.strictSame(read('{ notBefore: "2026-12-01", notAfter: "2027-01-01" }'), {
    notBefore: 1_796_083_200,
    notAfter: 1_798_761_600,
  });
  for (const wrong of [
    '{}',
    '{ notBefore: "2026-02-30" }',
    '{ notBefore: "2026-13-01" }',
    '{ notBefore: "2026-12-01T00:00:00" }',
    '{ notBefore: "2026-12-01T25:00:00Z" }',
    '{ notBefore: "2026-12-01T00:00:00+01:00" }',
    '{ notBefore: "tomorrow" }',
    '{ notBefore: 1796083200 }',
    '{ notBefore: "2026-12-01", notAfter: "2026-12-01" }',
    '{ notAfter: "2026-12-01", until: "x" }',
    '[]',
  ])
    t.throws(() => read(wrong), { code: /malformed-(?:payload|text)/ }, wrong);
});
