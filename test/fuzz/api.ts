/** What `api@1` reads of strangers: contracts, by their leaves, and bodies against their schemas. */
import { parseJson } from '../../src/bytes/json.ts';
import { declareJson } from '../../src/declare/json.ts';
import { checked } from '../../src/probe/api/answers.ts';
import { contractOf } from '../../src/probe/api/contract.ts';
import { requestOf } from '../../src/probe/api/requests.ts';
import { fitOf } from '../../src/probe/api/schema.ts';
import { declaredValue } from '../../src/probe/declared.ts';
import { asText, text, type Target } from './target.ts';

const schema = {
  type: ['object', 'null'],
  required: ['a'],
  properties: {
    a: { type: 'integer', minimum: 1.5, multipleOf: 0.1 },
    b: { $ref: '#/components/schemas/S' },
  },
  patternProperties: { '^x-': { enum: [1, 'a', null] } },
  additionalProperties: false,
  anyOf: [{ minProperties: 1 }, { not: { const: {} } }],
  unevaluatedProperties: false,
};
const contract = {
  openapi: '3.1.0',
  paths: {
    '/a/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { enum: ['x'] } }],
      get: {
        security: [{ k: [] }],
        responses: { '200': { content: { 'application/json': { schema } } }, '4XX': {} },
      },
    },
  },
  components: {
    schemas: {
      S: { type: 'array', prefixItems: [{}], items: { $ref: '#/components/schemas/S' }, uniqueItems: true },
    },
  },
};

export const API_CONTRACTS: readonly Target[] = [
  {
    name: 'contracts of a service',
    covers: [],
    seeds: [text(JSON.stringify(contract))],
    run: (b) => {
      const leaves = new Map(
        declareJson(asText(b)).leaves.map(({ path, value }) => [path, declaredValue(value)]),
      );
      const read = contractOf(leaves);
      for (const operation of read.operations) {
        requestOf(read, operation, new Map());
        const answer = { status: 200, type: 'application/json', encoded: false, whole: true };
        checked(read, operation, { ...answer, body: text('{"a":2,"b":[1,[2]],"x-y":null}') });
      }
    },
  },
  {
    name: 'schemas and values',
    covers: [],
    seeds: [
      text(JSON.stringify([schema, { a: 2, 'x-y': 1 }])),
      text(JSON.stringify([schema, [1, '1', 1.0]])),
    ],
    run: (b) => {
      const both = parseJson(asText(b), { most: 64, advice: '' });
      const [one = null, value = null] = Array.isArray(both) ? both : [both];
      for (const dialect of ['3.0', '3.1'] as const) fitOf(one, '', one, value, dialect);
    },
  },
];
