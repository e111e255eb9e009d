/** The evaluator of schemas of `api@1`: what fits, what does not, and what nobody knows. Cases are ours; the public suite is run by bench/json-schema-suite.ts. */
import fc from 'fast-check';
import t from 'tap';
import { parseJson } from '#src/bytes/json.ts';
import { compareDecimals, decimalOf, isMultiple } from '#src/probe/api/numbers.ts';
import { fitOf, type Fit } from '#src/probe/api/schema.ts';

const read = (text: string) => parseJson(text, { most: 200, advice: '' });
const fit = (schema: string, value: string, dialect: '3.0' | '3.1' = '3.1'): Fit => {
  const tree = read(schema);
  return fitOf(tree, '', tree, read(value), dialect);
};

type Case = readonly [schema: string, value: string, expected: Fit['verdict'], dialect?: '3.0'];
const CASES: readonly Case[] = [
  ['{"type":"integer"}', '1', 'fits'],
  ['{"type":"integer"}', '1.0', 'fits'],
  ['{"type":"integer"}', '1.0', 'unknown', '3.0'],
  ['{"type":"integer"}', '1e2', 'fits'],
  ['{"type":"integer"}', '1.5', 'differs'],
  ['{"type":"integer"}', '1e999999', 'unknown'],
  ['{"type":["string","null"]}', 'null', 'fits'],
  ['{"type":["string","null"]}', 'null', 'unknown', '3.0'],
  ['{"type":"string","nullable":true}', 'null', 'fits', '3.0'],
  ['{"type":"string","nullable":true}', 'null', 'differs'],
  ['{"type":"text"}', '"a"', 'unknown'],
  ['{"maximum":3,"exclusiveMaximum":true}', '3', 'differs', '3.0'],
  ['{"exclusiveMaximum":3}', '3', 'differs'],
  ['{"maximum":9007199254740992}', '9007199254740993', 'differs'],
  ['{"multipleOf":0.1}', '0.3', 'fits'],
  ['{"multipleOf":0}', '1', 'unknown'],
  ['{"enum":[1,"1",[1.0]]}', '[1]', 'fits'],
  ['{"enum":[{"a":1,"b":2}]}', '{"b":2,"a":1}', 'fits'],
  ['{"const":0}', 'false', 'differs'],
  ['{"maxLength":1}', '"😀"', 'fits'],
  ['{"pattern":"^a+$"}', '"aab"', 'differs'],
  ['{"pattern":"(a+)+$"}', `"${'a'.repeat(40)}b"`, 'differs'],
  ['{"pattern":"(?=a)a"}', '"a"', 'unknown'],
  ['{"pattern":"(a)\\\\1"}', '"aa"', 'unknown'],
  ['{"pattern":"\\\\s"}', '"\\u00a0"', 'unknown'],
  ['{"pattern":"a.b"}', '"a\\u2028b"', 'unknown'],
  ['{"pattern":"(?i)a"}', '"A"', 'unknown'],
  ['{"required":["a"]}', '{}', 'differs'],
  ['{"required":"a"}', '{}', 'unknown'],
  ['{"required":["a"],"properties":{"a":{"writeOnly":true}}}', '{}', 'fits'],
  ['{"additionalProperties":false,"properties":{"a":{}}}', '{"b":1}', 'differs'],
  ['{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false}', '{"x-a":1}', 'differs'],
  ['{"items":{"type":"string"}}', '["a",1]', 'differs'],
  ['{"items":[{"type":"string"}]}', '["a"]', 'unknown'],
  ['{"prefixItems":[{"type":"string"}],"items":false}', '["a",1]', 'differs'],
  ['{"contains":{"type":"string"},"maxContains":1}', '["a","b"]', 'differs'],
  ['{"uniqueItems":true}', '[1,1.0]', 'differs'],
  ['{"not":{}}', '1', 'differs'],
  ['{"not":{"$id":"x"}}', '1', 'unknown'],
  ['{"oneOf":[{"type":"number"},{"type":"integer"}]}', '1', 'differs'],
  ['{"oneOf":[{"type":"number"},{"$dynamicRef":"#x"}]}', '1', 'unknown'],
  ['{"anyOf":[{"type":"string"},{"$id":"x"}]}', '1', 'unknown'],
  ['{"anyOf":[{"type":"number"},{"$id":"x"}]}', '1', 'fits'],
  ['{"anyOf":[{"properties":{"a":{}}},{"$id":"x"}],"unevaluatedProperties":false}', '{"b":1}', 'unknown'],
  ['{"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false}', '{"a":1,"b":1}', 'differs'],
  ['{"allOf":[]}', '1', 'unknown'],
  ['{"if":{"type":"string"},"then":{"minLength":2},"else":false}', '"a"', 'differs'],
  ['{"if":{"$id":"x"},"then":false}', '1', 'unknown'],
  ['{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}', '1', 'differs'],
  ['{"$ref":"#/$defs/a%20b","$defs":{"a b":{"type":"string"}}}', '1', 'differs'],
  ['{"$ref":"http://example.com/a"}', '1', 'unknown'],
  ['{"$ref":"other.json#/a"}', '1', 'unknown'],
  ['{"$ref":"#/nowhere"}', '1', 'unknown'],
  ['{"$ref":"#anchor"}', '1', 'unknown'],
  ['{"$ref":"#"}', '1', 'unknown'],
  ['{"$ref":"#/$defs/a","type":"string","$defs":{"a":true}}', '1', 'differs'],
  ['{"$ref":"#/x-a","type":"string","x-a":{}}', '1', 'fits', '3.0'],
  ['{"const":1}', '1', 'unknown', '3.0'],
  ['{"$schema":"http://json-schema.org/draft-07/schema#"}', '1', 'unknown'],
  ['{"format":"email"}', '"no address"', 'fits'],
  ['{"x-anything":[1]}', '1', 'fits'],
  ['7', '1', 'unknown'],
  ['false', '1', 'differs'],
];

t.test('cases', async (t) => {
  for (const [schema, value, expected, dialect] of CASES)
    t.equal(
      fit(schema, value, dialect).verdict,
      expected,
      `${dialect ?? '3.1'} ${schema} ${value.slice(0, 30)}`,
    );
});

t.test('a fault names its place in the schema, and counts what nobody described', async (t) => {
  const schema = '{"properties":{"a/b":{"items":{"properties":{"c":{"type":"string"}}}}}}';
  t.match(fit(schema, '{"a/b":[{"c":1}]}'), {
    verdict: 'differs',
    at: '/properties/a~1b/items/properties/c/type',
  });
  t.equal(
    fit(schema, '{"a/b":[{"c":"x","d":1},{"e":1}],"f":{"g":1}}').extra,
    3,
    'd, e, f; what is below f is of it',
  );
  t.equal(fit('{"anyOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}', '{"a":1,"b":1}').extra, 0);
  t.equal(fit('{"additionalProperties":true}', '{"a":1}').extra, 0);
});

t.test('schemas that would cost more than anybody has end as unknown', async (t) => {
  const wide = `{"allOf":[{"$ref":"#/$defs/d0"}],"$defs":{${Array.from({ length: 40 }, (_, i) => `"d${i}":{"allOf":[{"$ref":"#/$defs/d${i + 1}"},{"$ref":"#/$defs/d${i + 1}"}]}`).join(',')},"d40":{}}}`;
  t.match(fit(wide, '1'), { verdict: 'unknown', why: /more steps/ }, '2^40 steps');
  t.match(
    fit('{"items":{"$ref":"#"}}', `${'['.repeat(150)}${']'.repeat(150)}`),
    { verdict: 'unknown' },
    'deeper than is followed',
  );
  const names = `{${Array.from({ length: 3_000 }, (_, i) => `"n${i}":1`).join(',')}}`;
  const patterns = `{"patternProperties":{${Array.from({ length: 200 }, (_, i) => `"^p${i}$":{}`).join(',')}}}`;
  t.match(fit(patterns, names), { verdict: 'unknown' }, 'patterns times names');
  t.equal(
    fit('{"pattern":"(((a{1,50}){1,50}){1,50}){1,50}"}', '"b"').verdict,
    'unknown',
    'a pattern that grows',
  );
  const value = `[${Array.from({ length: 20_000 }, (_, i) => `${i}.5`).join(',')}]`;
  const text = JSON.stringify('a'.repeat(20_000));
  const required = `{"required":[${Array.from({ length: 20_000 }, () => '"a"').join(',')}]}`;
  for (const [what, leaf, given, of] of [
    ['values compared', '{"enum":[1]}', value, 'anyOf'],
    ['one value compared', '{"const":[1]}', value, 'anyOf'],
    ['lists compared', '{"uniqueItems":true}', value, 'allOf'],
    ['long texts', '{"maxLength":1}', text, 'anyOf'],
    ['patterns', '{"pattern":"^(a|b)*c$"}', text, 'anyOf'],
    ['members that are required', required, '{"a":1}', 'allOf'],
  ] as const) {
    const refs = (to: string): string =>
      Array.from({ length: 16 }, () => `{"$ref":"#/$defs/${to}"}`).join(',');
    const defs = `"z":${leaf},"a":{"${of}":[${refs('z')}]},"b":{"${of}":[${refs('a')}]},"c":{"${of}":[${refs('b')}]}`;
    t.match(
      fit(`{"$ref":"#/$defs/c","$defs":{${defs}}}`, given),
      { verdict: 'unknown' },
      `${what}, 4,096 times`,
    );
  }
});

t.test('numbers are compared by their text', async () => {
  const whole = fc.integer({ min: -1_000_000, max: 1_000_000 });
  fc.assert(
    fc.property(whole, whole, fc.integer({ min: 0, max: 6 }), (a, b, shift) => {
      const [x, y] = [decimalOf({ number: `${a}e-${shift}` }), decimalOf({ number: `${b}.0e-${shift}` })];
      if (x === undefined || y === undefined) return false;
      const isRight = Math.sign(compareDecimals(x, y)) === Math.sign(a - b);
      return isRight && (b === 0 || isMultiple(x, y) === (a % b === 0));
    }),
  );
});

t.test('what fits by hand fits by any spelling, and a schema never throws', async () => {
  const keyword = fc.constantFrom(
    ...'type enum const multipleOf maximum minLength pattern items prefixItems contains required properties additionalProperties allOf anyOf not if then unevaluatedProperties $ref nullable uniqueItems'.split(
      ' ',
    ),
  );
  const json = fc.json({ maxDepth: 4 });
  fc.assert(
    fc.property(fc.dictionary(keyword, json, { maxKeys: 5 }), json, (schema, value) => {
      const text = `{${Object.entries(schema)
        .map(([name, each]) => `${JSON.stringify(name)}:${each}`)
        .join(',')}}`;
      let tree;
      try {
        tree = read(text);
      } catch {
        return true;
      }
      for (const dialect of ['3.0', '3.1'] as const)
        if (!['fits', 'differs', 'unknown'].includes(fitOf(tree, '', tree, read(value), dialect).verdict))
          return false;
      return true;
    }),
    { numRuns: 300 },
  );
});
