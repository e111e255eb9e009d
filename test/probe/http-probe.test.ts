/**
 * `http@1` against servers that do nothing, refuse everybody, break, or say more than is told: what shows nothing is neither
 * a pass nor a violation, and what was cut, dropped or is withheld is no answer.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { httpProbe, makeHttpProbe } from '#src/probe/http/probe.ts';
import { headerText } from '#src/probe/http/headers.ts';
import { listen, tcp } from '../support/e3-targets.ts';
import { judge, judgePack, look, type Params, type Rest } from '../support/probe-targets.ts';

/** Without waiting: what serves again does at once here. */
const quick = makeHttpProbe({ timeoutMs: 2_000, waitsMs: [0, 0, 0] });

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function web(t: Test, answer: Handler): Promise<string> {
  let count = 0;
  const target = await listen(createServer((request, response) => answer(request, response, count++)));
  t.teardown(() => target.stop());
  return `http://127.0.0.1:${target.port}`;
}

const status =
  (code: number): Handler =>
  (_request, response) =>
    void response.writeHead(code).end();

const challenging =
  (how: string | string[]): Handler =>
  (_request, response) =>
    void response.writeHead(401, { 'www-authenticate': how }).end();

t.test('auth-required: who may is let in, before and after, and nobody else', async (t) => {
  const TOKEN = 'the-right-one';
  const isRight = ({ headers }: IncomingMessage): boolean => headers.authorization === `Bearer ${TOKEN}`;
  const known = { secrets: { token: TOKEN } };
  const cases: readonly (readonly [what: string, answer: Handler, rest: Rest, verdict: string])[] = [
    ['asks for credentials', (q, s) => void s.writeHead(isRight(q) ? 200 : 401).end(), known, 'PROVEN E1'],
    ['forbids', (q, s) => void s.writeHead(isRight(q) ? 204 : 403).end(), known, 'PROVEN E1'],
    ['asks for credentials; no token is there', challenging('Bearer'), {}, 'PROVEN E1'],
    [
      'asks for them in two ways; no token is there',
      challenging(['Basic realm="a"', 'Bearer']),
      {},
      'PROVEN E1',
    ],
    ['refuses everybody with a bare 401; no token is there', status(401), {}, 'UNKNOWN E0'],
    ['refuses everybody, its challenge is empty', challenging(''), {}, 'UNKNOWN E0'],
    [
      'asks once, and refuses then',
      (q, s, n) => (n === 0 ? challenging('Bearer') : status(401))(q, s, n),
      {},
      'UNKNOWN E0',
    ],
    ['refuses everybody with 401, with the token too', status(401), known, 'UNKNOWN E0'],
    ['refuses everybody with 403, with the token too', status(403), known, 'UNKNOWN E0'],
    ['refuses everybody with 403; no token is there', status(403), {}, 'UNKNOWN E0'],
    ['is down', status(503), known, 'UNKNOWN E0'],
    ['is down; no token is there', status(502), {}, 'UNKNOWN E0'],
    ['is busy', status(429), known, 'UNKNOWN E0'],
    ['is not there', status(404), known, 'UNKNOWN E0'],
    ['leads elsewhere', status(302), known, 'UNKNOWN E0'],
    ['lets everybody in', status(200), known, 'VIOLATED E1'],
    ['lets everybody in; no token is there', status(200), {}, 'VIOLATED E1'],
    [
      'takes any credentials',
      ({ headers }, s) => void s.writeHead(headers.authorization === undefined ? 401 : 200).end(),
      {},
      'VIOLATED E1',
    ],
    [
      'goes down between',
      (q, s, n) => void s.writeHead(n < 1 && isRight(q) ? 200 : n < 3 ? 401 : 503).end(),
      known,
      'UNKNOWN E0',
    ],
    [
      'is busy when wrong credentials come',
      (q, s) => void s.writeHead(isRight(q) ? 200 : q.headers.authorization === undefined ? 401 : 429).end(),
      known,
      'UNKNOWN E0',
    ],
  ];
  for (const [what, answer, rest, verdict] of cases) {
    const seen = await look(quick, await web(t, answer), { auth: true }, rest);
    t.same(judgePack('auth-required', {}, seen), { 'auth-required': verdict }, what);
    t.notMatch(JSON.stringify(seen), new RegExp(TOKEN), what);
  }
});

t.test('rate-limited: a limit lets somebody through, and serves again', async (t) => {
  const params = { rate: 1, burst: 5, requests: 40 };
  const limiting =
    (code: number, last: number): Handler =>
    (_request, response, count) =>
      // One request before, 40 of the burst, and those after it.
      void response.writeHead(count < 6 || count >= last ? 200 : code).end();
  const cases: readonly (readonly [what: string, answer: Handler, verdict: string, more?: Params])[] = [
    ['answers 429', limiting(429, 41), 'PROVEN E1'],
    ['answers 503, as nginx does', limiting(503, 41), 'PROVEN E1'],
    ['serves again at the third try', limiting(503, 43), 'PROVEN E1'],
    ['broke under the burst', limiting(503, Infinity), 'UNKNOWN E0'],
    ['is down: 503', status(503), 'UNKNOWN E0'],
    ['is busy: 429', status(429), 'UNKNOWN E0'],
    ['is down: 500', status(500), 'UNKNOWN E0'],
    ['refuses everybody: 403', status(403), 'UNKNOWN E0'],
    ['asks for credentials: 401', status(401), 'UNKNOWN E0'],
    ['is not there: 404', status(404), 'UNKNOWN E0'],
    ['limits nobody', status(200), 'VIOLATED E1'],
    ['limits nobody, and redirects', status(302), 'VIOLATED E1'],
    ['fails instead', limiting(500, 41), 'UNKNOWN E0'],
    ['limits with 403', limiting(403, 41), 'PROVEN E1', { limited: ['403'] }],
  ];
  for (const [what, answer, verdict, more] of cases) {
    const seen = await look(quick, await web(t, answer), { ...params, connections: 1, ...more });
    t.same(judgePack('rate-limit', params, seen), { 'rate-limited': verdict }, what);
  }
  const gone = await tcp((socket) => void socket.destroy());
  await gone.stop();
  await t.rejects(look(quick, `http://127.0.0.1:${gone.port}`, params), { code: 'unavailable' });
});

t.test('what was cut or is withheld is no answer, and what is not there is not there', async (t) => {
  const long = `default-src 'self'; ${Array.from({ length: 120 }, (_each, i) => `img-src h${i}.example.test`).join('; ')}; script-src 'unsafe-eval'`;
  const url = await web(t, (_request, response) => {
    response.writeHead(200, {
      'content-security-policy': long,
      'x-powered-by': 'PHP/8.3.1',
      'x-api-key': 'hunter2',
      'x-frame-options': 'DENY',
      'set-cookie': Array.from({ length: 25 }, (_each, i) => `c${i}=v${i}${i === 24 ? '' : '; Secure'}`),
    });
    response.end('ok');
  });
  const seen = await look(httpProbe, url);
  const says = (expr: string): string => judge(httpProbe, seen, expr).verdict;
  t.equal(
    says("!o.http.headers['content-security-policy'].contains('unsafe-eval')"),
    'VIOLATED',
    'at the end',
  );
  t.equal(says('o.http.cookies.all(c, c.secure)'), 'VIOLATED', 'the twenty-fifth cookie');
  t.equal(says("'x-powered-by' in o.http.headers"), 'PROVEN');
  t.equal(says("!('x-powered-by' in o.http.headers)"), 'VIOLATED', 'every header was looked at');
  t.equal(says("!('x-aspnet-version' in o.http.headers)"), 'PROVEN', 'absent');
  t.equal(says("!('x-api-key' in o.http.headers)"), 'UNKNOWN', 'withheld');
  t.match(judge(httpProbe, seen, "o.http.headers['x-api-key'] == ''"), {
    verdict: 'UNKNOWN',
    explain: /x-api-key may hold a secret.*tell: \[x-api-key\]/,
  });
  const some = await look(httpProbe, url, { headers: ['x-frame-options'] });
  t.same(some.value['headers'], { 'x-frame-options': 'DENY' });
  t.equal(judge(httpProbe, some, "!('x-powered-by' in o.http.headers)").verdict, 'UNKNOWN', 'not asked for');
  t.equal(judge(httpProbe, some, "!('server' in o.http.headers)").verdict, 'PROVEN', 'absent all the same');
  const told = await look(httpProbe, url, { tell: ['x-api-key', 'set-cookie'] });
  t.equal(
    judge(httpProbe, told, "o.http.headers['x-api-key'] == 'hunter2'").verdict,
    'PROVEN',
    'by its owner',
  );
  t.notMatch(JSON.stringify(told.value), /v24/, 'cookies, by nobody');
  // More headers than Node keeps by itself.
  const crowd = await tcp((socket) => {
    socket.once('data', () =>
      socket.end(
        `HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(2_500)}x-powered-by: PHP/5.2.0\r\ncontent-length: 0\r\n\r\n`,
      ),
    );
  });
  t.teardown(() => crowd.stop());
  const crowded = await look(httpProbe, `http://127.0.0.1:${crowd.port}`);
  t.equal(
    judge(httpProbe, crowded, "!('x-powered-by' in o.http.headers)").verdict,
    'VIOLATED',
    'the 2,501st',
  );
  const endless = await web(t, (_request, response) => void response.end('x'.repeat(200_000)));
  const cut = await look(httpProbe, endless);
  t.equal(judge(httpProbe, cut, 'o.http.body.bytes < 100000').verdict, 'UNKNOWN');
});

t.test('header values that leave, and those that do not', async (t) => {
  const SECRET = 'hunter2-c4nary';
  for (const [name, value, told] of [
    ['strict-transport-security', 'max-age=31536000; includeSubDomains; preload', undefined],
    ['content-type', 'text/html; charset=utf-8', undefined],
    ['referrer-policy', 'no-referrer, strict-origin-when-cross-origin', undefined],
    ['permissions-policy', 'camera=(), geolocation=(self "https://maps.example.test")', undefined],
    ['cache-control', 'private, max-age=0', undefined],
    ['server', 'nginx/1.26.3 (Ubuntu)', undefined],
    ['date', 'Sun, 29 Nov 2026 20:00:00 GMT', undefined],
    ['access-control-allow-origin', 'https://app.example.test:8443', undefined],
    [
      'content-security-policy',
      `script-src 'nonce-${SECRET}' https://cdn.example.test/${SECRET}.js; report-uri https://x.test/?key=${SECRET}`,
      "script-src 'nonce-' https://cdn.example.test; report-uri",
    ],
  ] as const)
    t.equal(headerText(name, [value], false), told ?? value, name);
  const names = [
    'server',
    'content-type',
    'location',
    'etag',
    'link',
    'www-authenticate',
    'x-request-id',
    'refresh',
  ];
  for (const name of [
    ...names,
    'content-security-policy',
    'permissions-policy',
    'via',
    'set-cookie',
    'constructor',
  ])
    for (const value of [
      SECRET,
      `a; ${SECRET}`,
      `https://a.test/?t=${SECRET}`,
      `Basic realm="${SECRET}"`,
      `text/x;k=${SECRET}`,
    ])
      t.notMatch(headerText(name, [value], false) ?? '', SECRET, `${name}: ${value}`);
});

t.test(
  "the author of a claim neither lowers the checks nor chooses where the owner's token goes",
  async (t) => {
    const heard: string[] = [];
    const target = await listen(
      createServer(({ url = '', headers }, response) => {
        heard.push(`${url} ${headers.authorization ?? ''}`);
        response.writeHead(401).end();
      }),
    );
    t.teardown(() => target.stop());
    const url = `http://127.0.0.1:${target.port}`;
    await t.rejects(look(httpProbe, url, { auth: true, path: '/echo' }, { secrets: { token: 'tok' } }), {
      code: 'config-invalid',
      message: /path.*belongs to the owner/,
    });
    t.same(heard, [], 'nothing was sent');
    await look(httpProbe, url, { auth: true, path: '/echo' });
    t.ok(
      heard.every((line) => line.startsWith('/echo ')),
      'without a token a claim may name the path',
    );
    connect(target.port, '127.0.0.1').destroy();
  },
);
