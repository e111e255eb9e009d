/** Who must agree (class E2), as a claims file says it. */
import t from 'tap';
import { parseClaims } from '../../src/declare/claims.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

const file = (attestors: string, minEvidence = 'E2'): string =>
  `claims:\n  - { id: c, probe: self@1, expr: "o.self.uid >= 0", minEvidence: ${minEvidence} }\n${attestors}`;

t.test('attestors are keys and how many of them', async (t) => {
  const { attestors } = parseClaims(file(`attestors: { threshold: 2, kids: ["${A}", "${B}"] }`));
  t.strictSame(attestors, {
    threshold: 2,
    kids: [new Uint8Array(32).fill(0xaa), new Uint8Array(32).fill(0xbb)],
  });
  t.equal(parseClaims(file('', 'E1')).attestors, undefined);
});

t.test('what nobody could come to is refused', async (t) => {
  const refused: Record<string, [attestors: string, message: RegExp]> = {
    'class E2 of nobody': ['', /claim c.*no two agents are named: say attestors/],
    'class E2 of one': [`attestors: { threshold: 1, kids: ["${A}", "${B}"] }`, /no two agents are named/],
    'more than there are': [`attestors: { threshold: 2, kids: ["${A}"] }`, /from 1 to 1/],
    nobody: ['attestors: { threshold: 0, kids: [] }', /threshold/],
    'no number': [`attestors: { kids: ["${A}"] }`, /threshold/],
    'a name in place of a key': ['attestors: { threshold: 1, kids: [agent] }', /64 hexadecimal digits/],
    'another word': [`attestors: { threshold: 1, kids: ["${A}"], keys: [] }`, /keys/],
  };
  for (const [name, [attestors, message]] of Object.entries(refused))
    t.throws(() => parseClaims(file(attestors)), { code: 'malformed-payload', message }, name);
});
