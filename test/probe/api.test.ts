/** `api@1` against services that the test serves: contracts kept and broken, and everything that must not look like a kept one. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { declareJson } from '#src/declare/json.ts';
import { packOf } from '#src/declare/packs.ts';
import { makeApiProbe } from '#src/probe/api/probe.ts';
import { declaredValue } from '#src/probe/declared.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { runShaped } from '../support/shaped.ts';

type Json = Readonly<Record<string, unknown>>;
type Serve = (request: IncomingMessage, response: ServerResponse) => void;

const PET = {
  type: 'object',
  required: ['id', 'name'],
  properties: {
    id: { type: 'integer' },
    name: { type: 'string', pattern: '^[a-z]+$' },
    tag: { type: 'string' },
  },
};
const json = (schema: unknown) => ({ description: '', content: { 'application/json': { schema } } });
const ID = { name: 'id', in: 'path', required: true, schema: { type: 'integer' }, example: 7 };

const contract = (paths: Json, more: Json = {}): Json => ({
  openapi: '3.1.0',
  info: { title: 'pets', version: '1.0.0' },
  paths,
  components: { schemas: { Pet: PET }, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  ...more,
});
const PETS = contract({
  '/pets': {
    get: { responses: { 200: json({ type: 'array', items: { $ref: '#/components/schemas/Pet' } }) } },
    post: { responses: {} },
  },
  '/pets/{id}': {
    parameters: [ID],
    get: { responses: { 200: json({ $ref: '#/components/schemas/Pet' }), 404: { description: '' } } },
  },
});

const send = (response: ServerResponse, status: number, body?: unknown, type = 'application/json'): void => {
  response.writeHead(status, body === undefined ? {} : { 'content-type': type });
  response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
};
const REX = { id: 7, name: 'rex' };
const honest: Serve = ({ url }, response) => send(response, 200, url === '/pets' ? [REX] : REX);

interface World {
  readonly contract?: Json;
  readonly serve?: Serve;
  readonly params?: Readonly<Record<string, Parameter>>;
  readonly token?: string;
  readonly base?: string;
  readonly draw?: Uint8Array;
}

async function look(t: Test, world: World = {}): Promise<Observed & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}${request.headers.authorization === undefined ? '' : ' +'}`);
    (world.serve ?? honest)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  const { leaves } = declareJson(JSON.stringify(world.contract ?? PETS));
  const seen = await runShaped(makeApiProbe(300), {
    target: `http://127.0.0.1:${port}${world.base ?? ''}`,
    params: new Map(Object.entries(world.params ?? {})),
    challenge: new Uint8Array(32),
    ...(world.draw && { draw: world.draw }),
    declared: new Map(leaves.map(({ path, value }) => [path, declaredValue(value)])),
    secret: (name) => Promise.resolve(name === 'token' ? world.token : undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 1_800_000_100_000,
  });
  return { ...seen, asked };
}

const verdict = (seen: Observed, pack = 'api-as-described') => {
  const [claim] = packOf(pack, new Map(), 'background');
  return claim && judgeClaim(claim, seen).verdict;
};

t.test('a contract that is kept: PROVEN over what was tried, and it says how many of how many', async (t) => {
  const seen = await look(t);
  t.equal(verdict(seen), 'PROVEN');
  t.same(seen.asked, ['GET /pets', 'GET /pets/7']);
  t.match(seen.value, { whole: true, operations: { total: 2, writing: 1, tried: 2, shown: 2, untried: 0 } });
  t.match(seen.population, { total: 2, sampled: 2, method: 'all' });
  const paths = {
    ...(PETS['paths'] as Json),
    '/search': {
      get: {
        parameters: [{ name: 'q', in: 'query', required: true, schema: { type: 'string' } }],
        responses: { 200: json({}) },
      },
    },
  };
  const part = await look(t, { contract: contract(paths) });
  t.equal(verdict(part), 'PROVEN');
  t.match(part.population, { total: 3, sampled: 2, method: 'readable' });
  t.match(part.value['untried'], [
    { operation: 'GET /search', why: /parameter in the query, and nobody gave a value/ },
  ]);
  const whole = {
    id: 'whole',
    probe: 'api@1',
    expr: 'o.api.whole',
    title: '',
    cadence: 3600,
    severity: 'low',
    minEvidence: 'E1',
  } as const;
  t.match(judgeClaim(whole, part), { verdict: 'UNKNOWN', explain: /2 of 3 operations/ }, 'never "all"');
  t.equal(judgeClaim(whole, seen).verdict, 'PROVEN');
});

/** Each breaks the contract. */
const BROKEN: Readonly<Record<string, Serve>> = {
  'a status that nobody described': ({ url }, response) =>
    send(response, url === '/pets' ? 204 : 200, url === '/pets' ? undefined : REX),
  'an error that nobody described': ({ url }, response) => send(response, url === '/pets' ? 500 : 200, REX),
  'a redirect': ({ url }, response) => {
    if (url !== '/pets') return send(response, 200, REX);
    response.writeHead(302, { location: '/elsewhere' }).end();
  },
  'another content type': ({ url }, response) =>
    send(response, 200, url === '/pets' ? '[]' : REX, url === '/pets' ? 'text/html' : undefined),
  'no content type': ({ url }, response) =>
    void (url === '/pets' ? response.end('[]') : send(response, 200, REX)),
  'no body': ({ url }, response) => send(response, 200, url === '/pets' ? undefined : REX),
  'no JSON': ({ url }, response) => send(response, 200, url === '/pets' ? '[{' : REX),
  'a name twice': ({ url }, response) =>
    send(response, 200, url === '/pets' ? '[{"id":1,"id":"x","name":"a"}]' : REX),
  'a member that is missing': (_request, response) => send(response, 200, { id: 7 }),
  'another type': (_request, response) => send(response, 200, { id: '7', name: 'rex' }),
  'a text that does not match': ({ url }, response) =>
    send(response, 200, url === '/pets' ? [{ id: 1, name: 'REX' }] : REX),
};

t.test('each break of the contract is VIOLATED', async (t) => {
  for (const [what, serve] of Object.entries(BROKEN))
    t.equal(verdict(await look(t, { serve })), 'VIOLATED', what);
  const seen = await look(t, { serve: BROKEN['another type'] ?? honest });
  t.match(
    JSON.stringify(seen.value['differing']),
    /"operation":"GET \/pets\/\*","at":"\/components\/schemas\/Pet\/properties\/id\/type"/,
  );
});

t.test('what shows nothing is never PROVEN', async (t) => {
  const unknown: Readonly<Record<string, World>> = {
    'every answer is a described 404': {
      contract: contract({
        '/pets/{id}': { parameters: [ID], get: { responses: { 404: { description: '' }, 200: json({}) } } },
      }),
      serve: (_r, response) => send(response, 404),
    },
    'a contract without operations': { contract: contract({}) },
    'nothing that could be tried': {
      contract: contract({
        '/pets/{id}': { get: { parameters: [{ ...ID, example: undefined }], responses: { 200: json({}) } } },
      }),
    },
    'the owner leaves all out': { params: { skip: ['/pets', 'GET /pets/{id}'] } },
    'a limit of requests': { serve: (_r, response) => send(response, 429) },
    'a gateway without a service': {
      serve: ({ url }, response) => (url === '/pets' ? send(response, 503) : send(response, 200, REX)),
    },
    'a schema that leads out of the contract': {
      contract: contract({
        '/pets': { get: { responses: { 200: json({ $ref: 'https://schemas.example/pet.json' }) } } },
      }),
    },
    'a pattern that only a backtracking engine takes': {
      contract: contract({
        '/pets': {
          get: { responses: { 200: json({ items: { properties: { name: { pattern: '^(?=(a+)+$)' } } } }) } },
        },
      }),
    },
    'a schema that turns in circles': {
      contract: contract(
        { '/pets': { get: { responses: { 200: json({ $ref: '#/components/schemas/Loop' }) } } } },
        { components: { schemas: { Loop: { $ref: '#/components/schemas/Loop' } } } },
      ),
    },
    'a body that is too long': {
      serve: (_r, response) => send(response, 200, JSON.stringify([{ ...REX, tag: 'x'.repeat(1_100_000) }])),
    },
    'an encoding that nobody asked for': {
      serve: (_r, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end('x'),
    },
    'a page in place of JSON, where any type is described': {
      contract: contract({
        '/pets': {
          get: { responses: { 200: { description: '', content: { '*/*': { schema: PET } } } } },
        },
      }),
      serve: (_r, response) => send(response, 200, '<html>log in</html>', 'text/html'),
    },
    'a text whose form nobody compares': {
      contract: contract({
        '/pets': {
          get: {
            responses: { 200: { content: { 'text/*': { schema: { type: 'string', pattern: '^ok$' } } } } },
          },
        },
      }),
      serve: (_r, response) => send(response, 200, 'not ok', 'text/plain'),
    },
    'a server of its own': {
      contract: contract({
        '/pets': { servers: [{ url: 'http://127.0.0.1:1' }], get: { responses: { 200: json({}) } } },
      }),
    },
  };
  for (const [what, world] of Object.entries(unknown))
    t.equal(verdict(await look(t, world)), 'UNKNOWN', what);
  for (const schema of [{ type: 'string' }, { type: 'string', format: 'binary' }, {}]) {
    const any = contract({
      '/pets': { get: { responses: { 200: { content: { '*/*': { schema } } } } } },
    });
    const serve: Serve = (_r, response) => send(response, 200, 'some', 'text/plain');
    t.equal(verdict(await look(t, { contract: any, serve })), 'PROVEN', 'any text is as described');
  }
  await t.rejects(
    look(t, { serve: () => undefined }),
    { code: 'unavailable', message: /none within 300 ms/ },
    'silence',
  );
  for (const version of ['2.0', '3.2.0', '3.1'])
    await t.rejects(
      look(t, { contract: { ...PETS, openapi: version } }),
      { code: 'config-invalid' },
      version,
    );
  await t.rejects(
    look(t, { contract: { ...PETS, jsonSchemaDialect: 'http://json-schema.org/draft-07/schema#' } }),
    { code: 'config-invalid' },
  );
});

const GUARDED = contract(
  {
    '/me': { get: { responses: { 200: json({}) } } },
    '/open': { get: { security: [], responses: { 200: json({}) } } },
    '/either': { get: { security: [{}, { bearer: [] }], responses: { 200: json({}) } } },
  },
  { security: [{ bearer: [] }] },
);
const guard: Serve = ({ url, headers }, response) =>
  url === '/me' && headers.authorization !== 'Bearer right' ? send(response, 401) : send(response, 200, {});

t.test('an operation that says it needs a credential lets nobody in without', async (t) => {
  const judged = async (serve: Serve, more: World = {}) =>
    verdict(await look(t, { contract: GUARDED, serve, ...more }), 'api-needs-auth');
  t.equal(await judged(guard), 'PROVEN');
  t.equal(await judged((_r, response) => send(response, 200, {})), 'VIOLATED');
  t.equal(
    await judged(({ url }, response) => (url === '/me' ? send(response, 404) : send(response, 200, {}))),
    'UNKNOWN',
    '404 says neither',
  );
  t.equal(
    await judged(({ url }, response) =>
      url === '/me' ? void response.writeHead(302, { location: '/login' }).end() : send(response, 200, {}),
    ),
    'UNKNOWN',
    'a redirect says neither',
  );
  t.equal(
    await judged((_r, response) => send(response, 403)),
    'UNKNOWN',
    'one that refuses this agent whatever it asks',
  );
  t.equal(
    await judged(({ url }, response) => send(response, url === '/me' ? 401 : 404)),
    'UNKNOWN',
    'one that answers nothing with success may lie elsewhere',
  );
  t.equal(verdict(await look(t), 'api-needs-auth'), 'UNKNOWN', 'a contract in which nothing needs one');
  const right = await look(t, { contract: GUARDED, serve: guard, token: 'right' });
  t.same(
    right.asked,
    ['GET /either', 'GET /me', 'GET /me +', 'GET /open'],
    'the token goes where one is needed',
  );
  t.same([verdict(right), verdict(right, 'api-needs-auth')], ['PROVEN', 'PROVEN']);
  t.match(right.value['operations'], { needAuth: 1, guarded: 1, shown: 3 });
  const without = await look(t, { contract: GUARDED, serve: guard });
  t.match(without.population, { total: 3, sampled: 2 });
  const wrong = await look(t, { contract: GUARDED, serve: guard, token: 'wrong' });
  t.equal(verdict(wrong), 'UNKNOWN', 'the token is not taken');
});

t.test('what is asked: the owner bounds it, and no value leads elsewhere', async (t) => {
  const many = contract(
    Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`/p${i}`, { get: { responses: { 200: json({}) } } }]),
    ),
  );
  const drawn = await look(t, { contract: many, params: { requests: 5 } });
  t.equal(drawn.asked.length, 5);
  t.match(drawn.population, { total: 50, sampled: 5 });
  const other = await look(t, { contract: many, params: { requests: 5 }, draw: new Uint8Array(32).fill(7) });
  t.notSame(other.asked, drawn.asked, 'which ones the slot draws');
  const at = (value: unknown, more: Json = {}) =>
    contract({
      '/pets/{id}': {
        get: { parameters: [{ ...ID, example: value, ...more }], responses: { 200: json({}) } },
      },
    });
  const asked = async (world: World) => (await look(t, world)).asked;
  t.same(await asked({ contract: at('admin?x#y') }), ['GET /pets/admin%3Fx%23y']);
  for (const value of [
    '../admin',
    '..\\admin',
    '..;',
    '..%2fadmin',
    '..',
    '.',
    '',
    { a: 1 },
    [1],
    null,
    'x'.repeat(201),
  ])
    t.same(await asked({ contract: at(value) }), [], JSON.stringify(value).slice(0, 20));
  t.same(await asked({ contract: at(1, { style: 'matrix' }) }), []);
  const paths = (template: string) => contract({ [template]: { get: { responses: { 200: json({}) } } } });
  for (const template of [
    '//evil.example/x',
    '/a/../b',
    '/a/%2e%2e/b',
    '/..%2fadmin',
    '/..%5cadmin',
    '/..;/manager/html',
    '/%6Cogout',
    '/a//logout',
    '/a\\b',
    '/a?b=c',
    '/{never}',
    'no-slash',
    '/a b',
  ])
    t.same(await asked({ contract: paths(template) }), [], template);
  const leads = contract({
    '/{what}': {
      get: { parameters: [{ ...ID, name: 'what', example: 'logout' }], responses: { 200: json({}) } },
    },
  });
  t.same(await asked({ contract: leads }), ['GET /logout']);
  t.same(await asked({ contract: leads, params: { skip: ['GET /logout'] } }), [], 'what is sent counts');
  const header = contract({
    '/x': {
      get: {
        parameters: [{ name: 'X-HTTP-Method-Override', in: 'header', required: true, example: 'DELETE' }],
        responses: { 200: json({}) },
      },
    },
  });
  t.same(await asked({ contract: header }), []);
  t.same(
    await asked({ contract: header, params: { values: ['GET /x X-HTTP-Method-Override=DELETE'] } }),
    [],
    'not even for its owner',
  );
  const given = await asked({ contract: at(undefined), params: { values: ['GET /pets/{id} id=9'] } });
  t.same(given, ['GET /pets/9']);
  t.same(await asked({ contract: { ...PETS, servers: [{ url: 'https://api.example/v2/' }] } }), [
    'GET /v2/pets',
    'GET /v2/pets/7',
  ]);
  t.same(
    await asked({ contract: { ...PETS, servers: [{ url: '/v2' }] }, base: '/v3' }),
    ['GET /v3/pets', 'GET /v3/pets/7'],
    "the owner's path counts",
  );
  t.same(
    await asked({ contract: { ...GUARDED, servers: [{ url: '/evil' }] }, token: 'right', serve: guard }),
    ['GET /either', 'GET /me', 'GET /me +', 'GET /open'],
    "where the token goes is the owner's to say",
  );
  await t.rejects(asked({ contract: { ...PETS, servers: [{ url: 'https://{host}/v1' }] } }), {
    code: 'config-invalid',
  });
  t.same(await asked({ params: { only: ['/pets/{id}'], skip: ['/pets'] } }), ['GET /pets/7']);
  const own = (url: string) =>
    contract({ '/x': { servers: [{ url }], get: { responses: { 200: json({}) } } } });
  t.same(
    await asked({ contract: own('/v3'), base: '/v3/' }),
    ['GET /v3/x'],
    'a server of its own that is the target',
  );
  for (const url of ['/v2', 'http://127.0.0.1:1/v3', 'https://{host}/v3', '//evil.example/v3', '/v3/../v2'])
    t.same(await asked({ contract: own(url), base: '/v3' }), [], url);
});

t.test('members that nobody described are counted, and nothing of a body leaves', async (t) => {
  const serve: Serve = ({ url }, response) => {
    const pet = { ...REX, MARKERname: 'MARKERvalue', tag: 'MARKER', nested: { MARKER: 1 } };
    response.setHeader('x-marker', 'MARKER');
    send(response, 200, url === '/pets' ? [pet, { ...pet, id: 'MARKER' }] : pet);
  };
  const seen = await look(t, { serve });
  t.equal(verdict(seen), 'VIOLATED');
  t.match(seen.value['extra'], [{ operation: 'GET /pets/*', members: 2 }]);
  t.notMatch(JSON.stringify(seen), /MARKER/i);
  const old = { ...PETS, openapi: '3.0.3' };
  t.equal(verdict(await look(t, { contract: old })), 'PROVEN', 'the dialect of 3.0');
  const nullable = contract(
    {
      '/pets': {
        get: { responses: { 200: json({ type: 'array', items: { type: 'object', nullable: true } }) } },
      },
    },
    { openapi: '3.0.3' },
  );
  t.equal(
    verdict(await look(t, { contract: nullable, serve: (_r, response) => send(response, 200, [null]) })),
    'PROVEN',
  );
  t.equal(
    verdict(
      await look(t, {
        contract: { ...nullable, openapi: '3.1.0' },
        serve: (_r, response) => send(response, 200, [null]),
      }),
    ),
    'VIOLATED',
    'which 3.1 does not have',
  );
});
