/** Clients of a bad minute: what nobody signed chooses no verdict, and what broke is asked again. */
import t from 'tap';
import { isOutage, natureOf } from '../../src/bytes/nature.ts';
import { NATURES, Refusal, refuse, type RefusalCode } from '../../src/bytes/refusal.ts';
import { EXIT, EXITS, exitOf } from '../../src/cli/exit.ts';
import { askPatiently } from '../../src/client/patience.ts';
import { fetchReceipt, submitStatement } from '../../src/client/scrapi.ts';
import { refusalOf } from '../../src/client/problem.ts';
import { TileReader } from '../../src/client/tiles.ts';
import type { Reply, Transport } from '../../src/client/transport.ts';
import { parseLogList } from '../../src/note/loglist.ts';
import { problemCbor, problemJson } from '../../src/web/problem.ts';
import { user } from './support/user.ts';
import { otherStatement, vkeys } from '../support/world.ts';

const CODES = Object.keys(NATURES) as RefusalCode[];
/** Exits that only the client itself may come to. */
const OURS: readonly number[] = [
  EXIT.ok,
  EXIT.usage,
  EXIT.splitView,
  EXIT.quorum,
  EXIT.unproven,
  EXIT.config,
];

t.test('no code and no status of an unsigned answer chooses an exit that is ours', async (t) => {
  for (const method of ['GET', 'POST'] as const)
    for (const status of [
      400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 418, 422, 429, 431, 451, 500, 502, 503,
    ])
      for (const code of CODES)
        for (const cbor of [true, false]) {
          const problem = { code, status, title: 'T', detail: 'D' };
          const type = `application/${cbor ? 'concise-problem-details+cbor' : 'problem+json'}`;
          const body = cbor ? problemCbor(problem) : Buffer.from(problemJson(problem));
          const headers = new Headers({ 'content-type': type });
          const reply: Reply = { url: new URL('http://log.example/entries'), method, status, headers, body };
          const refusal = refusalOf(reply);
          const said = `${method} ${status} ${code} → ${refusal.code}`;
          if (OURS.includes(exitOf(refusal))) t.fail(said);
          if (method === 'GET' && exitOf(refusal) !== EXIT.notFound) t.fail(`${said}: a read is not refused`);
          if (exitOf(refusal) === EXIT.verification && !['input', 'refused'].includes(natureOf(refusal.code)))
            t.fail(said);
        }
  t.pass('all of them were tried');
});

t.test('verbs: an answer that nobody signed is somebody who cannot be reached', async (t) => {
  const page = (status: number) =>
    new Response('<h1>Sign in</h1>', { status, headers: { 'content-type': 'text/html' } });
  const answers: Record<string, () => Response> = {
    'a page': () => page(200),
    'a page of a firewall': () => page(403),
    nothing: () => new Response(null, { status: 200 }),
    'a redirect to a portal': () =>
      new Response(null, { status: 302, headers: { location: 'http://portal.example/' } }),
    'proxy authentication': () => page(407),
    'two histories, it says': () => Response.json({ code: 'inconsistent', title: 'x' }, { status: 409 }),
    'no quorum, it says': () => Response.json({ code: 'quorum-unmet', title: 'x' }, { status: 503 }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    const me = await user(t, { 'a.conf': 'x' });
    me.around = { sleep: async () => {}, now: ticking() };
    me.log.meddle = () => answer();
    for (const verb of [
      ['gate', 's'],
      ['get', '0'],
      ['commit', 'a.conf'],
    ]) {
      const { code, err } = await me.run(...verb);
      t.equal(code, EXIT.notFound, `${verb[0]}: ${name} (${err.split('\n')[0]})`);
    }
  }
});

/** A clock on which every look takes a minute, so that patience ends. */
function ticking(): () => number {
  let ms = 1_800_000_000_000;
  return () => (ms += 61_000);
}

/** A transport that breaks as often as it is told, then answers. */
function breaking(errors: readonly unknown[], over: Partial<Transport> = {}) {
  const slept: number[] = [];
  let [asked, clock] = [0, 0];
  const transport: Transport = {
    fetch: async () => {
      const error = errors[asked++];
      if (error !== undefined) throw error;
      return new Response('here');
    },
    now: () => clock,
    random: () => 0.5,
    sleep: async (ms) => {
      slept.push(ms);
      clock += ms;
    },
    ...over,
  };
  return { transport, slept, asked: () => asked };
}

function failed(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
}

t.test('a connection that breaks is asked again, for reads and posts', async (t) => {
  const url = new URL('http://log.example/x');
  for (const code of [
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'UND_ERR_SOCKET',
    'EHOSTUNREACH',
    'EAI_AGAIN',
    'UND_ERR_HEADERS_TIMEOUT',
  ])
    for (const method of ['GET', 'POST'] as const) {
      const { transport, asked } = breaking([failed(code), failed(code)]);
      const reply = await askPatiently(transport, url, { method, accept: '*/*', maxBytes: 10 });
      t.match([reply.status, asked()], [200, 3], `${method} ${code}`);
    }
  const always = breaking(Array(1000).fill(failed('ECONNRESET')), { patienceMs: 5_000 });
  await t.rejects(askPatiently(always.transport, url, { accept: '*/*', maxBytes: 10 }), {
    code: 'unavailable',
  });
  t.ok(always.slept.reduce((a, b) => a + b, 0) <= 5_000, 'within the patience that there is');
});

t.test('where nobody is, only who has been there or wants to wait is waited for', async (t) => {
  const url = new URL('http://log.example/x');
  const ask = { accept: '*/*', maxBytes: 10 };
  for (const code of ['ECONNREFUSED', 'ENOTFOUND']) {
    const first = breaking([failed(code)]);
    await t.rejects(askPatiently(first.transport, url, ask), { code: 'unavailable' });
    t.equal(first.asked(), 1, `${code}: a mistyped port is no outage`);
    for (const over of [{ reached: new Set([url.origin]) }, { waitUntil: 60_000 }]) {
      const later = breaking([failed(code), failed(code)], over);
      t.equal((await askPatiently(later.transport, url, ask)).status, 200, `${code}: waited for`);
    }
  }
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_INVALID_URL', 'ERR_SSL_WRONG_VERSION_NUMBER']) {
    const never = breaking([failed(code)], { waitUntil: 60_000 });
    await t.rejects(askPatiently(never.transport, url, ask), { code: 'unavailable' });
    t.equal(never.asked(), 1, `${code}: does not get better`);
  }
});

t.test('a partial tile that is gone, however the host says so', async (t) => {
  const full = new Uint8Array(256 * 32).fill(7);
  const hosts: Record<string, () => Response> = {
    ...Object.fromEntries(
      [204, 400, 401, 403, 404, 405, 410, 429, 500, 503].map((status) => [
        String(status),
        () => new Response(null, { status, headers: { location: '/' } }),
      ]),
    ),
    'a page with 200': () => new Response('<h1>not here</h1>'),
    'an empty file': () => new Response(''),
  };
  for (const [name, gone] of Object.entries(hosts)) {
    const asked: string[] = [];
    const fetching: typeof fetch = async (input) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      asked.push(pathname);
      return pathname.includes('.p/') ? gone() : new Response(full);
    };
    const reader = new TileReader(
      { fetch: fetching, now: () => 0, sleep: async () => {}, patienceMs: 0 },
      'http://h.example',
    );
    t.same(await reader.tile(0, 0, 5), full.subarray(0, 5 * 32), name);
    t.strictSame(asked, ['/tile/0/000.p/5', '/tile/0/000'], name);
  }
});

t.test('lists of logs as they are published', async (t) => {
  const [vkey = ''] = vkeys;
  for (const before of ['', '#\n# List: example\n#\n', '\n\n', ' \n\t# tabbed\n'])
    t.equal(
      parseLogList(`${before}logs/v0\n\nvkey ${vkey}\nqpd 10\ncontact x\n`).length,
      1,
      JSON.stringify(before),
    );
  for (const wrong of ['', '\n', '# only a comment\n', 'vkey x\nlogs/v0\n', `logs/v0x\n`, `#\nlogs/v1\n`])
    t.throws(() => parseLogList(wrong), { code: 'malformed-trust-policy' }, JSON.stringify(wrong));
});

t.test('an empty text names nothing', async (t) => {
  const cwd = t.testdir({ a: 'x', b: 'secret' });
  for (const words of [
    'commit',
    'verify',
    'get',
    'status',
    'submit',
    'fsck',
    'prove --subject s --target',
    'commit a --claims',
  ]) {
    const { code, err } = await tallystickWith([...words.split(' '), ''], cwd);
    t.equal(code, EXIT.usage, words);
    t.match(err, /is empty/, words);
  }
});

async function tallystickWith(argv: readonly string[], cwd: string): Promise<{ code: number; err: string }> {
  const { run } = await import('../../src/cli/main.ts');
  let err = '';
  const fetching: typeof fetch = () => Promise.reject(new TypeError('fetch failed'));
  const stderr = { write: (text: unknown) => (err += String(text)) };
  const code = await run(argv, {
    env: {},
    cwd,
    fetch: fetching,
    now: () => 0,
    stdout: { write: () => undefined },
    stderr,
  });
  return { code, err };
}

t.test('a state directory that cannot be written is a remark', async (t) => {
  const me = await user(t, { 'a.conf': 'x' });
  t.equal((await me.run('commit', 'a.conf', '--subject', 's/a')).code, 0);
  for (const verb of [
    ['get', '1'],
    ['policy', 'show'],
  ]) {
    const told = await me.run(...verb, '--state-dir', '/proc/nowhere');
    t.equal(told.code, 0, `${verb[0]}: ${told.err}`);
    t.match(told.err, /the head cannot be remembered/);
  }
});

t.test('natures: what ends who goes on for years', async (t) => {
  for (const code of CODES) {
    const ends = ['lie', 'damaged'].includes(natureOf(code));
    t.equal(isOutage(refuse(code, 'x')), !ends, code);
    if (EXITS[code] === EXIT.splitView) t.equal(natureOf(code), 'lie', code);
  }
  t.notOk(isOutage(new Error('a bug')));
  t.ok(refuse('usage', 'x') instanceof Refusal);
});

t.test('a page in place of a receipt is somebody who cannot be reached', async (t) => {
  const statement = await otherStatement('page');
  for (const body of ['', '<h1>Sign in</h1>', 'zz', '\u0009', '\u00d2\u0084'])
    for (const status of [200, 201]) {
      const transport: Transport = {
        fetch: async () => new Response(Buffer.from(body, 'latin1'), { status }),
        now: Date.now,
        patienceMs: 0,
      };
      const url = 'http://log.example';
      await t.rejects(
        submitStatement(transport, url, statement),
        { code: 'unavailable' },
        `${status} ${body}`,
      );
      await t.rejects(fetchReceipt(transport, url, '00'), { code: 'unavailable' }, `GET ${status} ${body}`);
    }
});
