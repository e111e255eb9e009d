/** Ways to log in to an SSH server: asked in the encrypted session of OpenSSH, and of servers that hang, cut or lie. */
import { connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parametersOf } from '#src/probe/parameters.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { makeSshProbe } from '#src/probe/ssh/probe.ts';
import { askMethods } from '#src/probe/ssh/auth.ts';
import { Ended } from '#src/probe/wire.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { program, sshHostKey, sshServer, tcp, type Target } from '../support/e3-targets.ts';
import { runShaped } from '../support/shaped.ts';
import { hashOf } from '../support/statement-examples.ts';

const dir = mkdtempSync(join(tmpdir(), 'tally-ssh-auth-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));
const [claim] = packOf('ssh-no-passwords', new Map());

function look(
  port: number,
  params: Readonly<Record<string, Parameter>> = { auth: true },
  exchangeMs = 10_000,
): Promise<Observed> {
  const probe = makeSshProbe({ exchangeMs });
  return runShaped(probe, {
    target: `127.0.0.1:${port}`,
    params: parametersOf(probe, new Map(Object.entries(params))),
    challenge: hashOf('a challenge'),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => Date.now(),
  });
}

function verdict(seen: Observed): string {
  if (claim === undefined) throw new Error('the pack has a claim');
  const { verdict: said, evidence } = judgeClaim(claim, seen);
  return `${said} ${evidence}`;
}

/** Between a client and a server; what the server says can be changed. */
function relay(port: number, change: (data: Buffer) => Buffer): Promise<Target> {
  return tcp((socket) => {
    const server = connect(port, '127.0.0.1');
    for (const each of [socket, server]) each.on('error', () => undefined);
    socket.pipe(server);
    server.on('data', (data: Buffer) => socket.write(change(data)));
    server.on('close', () => socket.end());
  });
}

const KEYS_ONLY = ['PasswordAuthentication no', 'KbdInteractiveAuthentication no'];
const SERVERS: readonly (readonly [
  what: string,
  config: readonly string[],
  methods: readonly string[],
  verdict: string,
])[] = [
  ['keys alone', KEYS_ONLY, ['publickey'], 'PROVEN E1'],
  [
    'passwords',
    ['PasswordAuthentication yes', 'KbdInteractiveAuthentication no'],
    ['publickey', 'password'],
    'VIOLATED E1',
  ],
  [
    'a dialogue',
    ['UsePAM yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication yes'],
    ['publickey', 'keyboard-interactive'],
    'VIOLATED E1',
  ],
  [
    'a key and then a password',
    [
      'PasswordAuthentication yes',
      'KbdInteractiveAuthentication no',
      'AuthenticationMethods publickey,password',
    ],
    ['publickey'],
    'PROVEN E1',
  ],
  [
    'either',
    [
      'PasswordAuthentication yes',
      'KbdInteractiveAuthentication no',
      'AuthenticationMethods publickey password',
    ],
    ['publickey', 'password'],
    'VIOLATED E1',
  ],
];
const CIPHERS = [
  ['Ciphers aes256-gcm@openssh.com'],
  ['Ciphers aes128-gcm@openssh.com'],
  ['Ciphers aes128-ctr', 'MACs hmac-sha2-256-etm@openssh.com'],
  ['Ciphers aes192-ctr', 'MACs hmac-sha2-512'],
  ['Ciphers aes256-ctr', 'MACs hmac-sha1'],
  ['Ciphers aes256-ctr', 'MACs hmac-sha2-512-etm@openssh.com'],
  ['Ciphers chacha20-poly1305@openssh.com'],
];

t.test('OpenSSH', { skip: program('sshd') === undefined && 'needs sshd' }, async (t) => {
  const key = sshHostKey(dir, 'ed25519');
  const start = async (...config: readonly string[]): Promise<{ readonly port: number }> => {
    const server = await sshServer(dir, [key], ...config);
    if (server === undefined) throw new Error('sshd is there');
    t.teardown(() => server.stop());
    return server;
  };
  for (const [what, config, methods, expected] of SERVERS) {
    const seen = await look((await start(...config)).port);
    t.strictSame(seen.value['auth'], { user: 'tallystick', methods, anybody: false }, what);
    t.equal(verdict(seen), expected, what);
    t.equal(seen.attachments.length, 1, 'the transcript is as ever');
  }
  for (const config of CIPHERS) {
    const seen = await look((await start(...config, ...KEYS_ONLY, 'Banner /etc/hostname')).port, {
      auth: true,
      user: 'root',
    });
    t.match(seen.value['auth'], { user: 'root', methods: ['publickey'] }, config.join(', '));
  }
  const cbc = await look((await start('Ciphers aes256-cbc', ...KEYS_ONLY)).port);
  t.match(cbc.withheld, [{ path: '/auth', reason: /no cipher and MAC/ }]);
  t.equal(verdict(cbc), 'UNKNOWN E0');
  const unasked = await look((await start(...KEYS_ONLY)).port, {});
  t.notOk('auth' in unasked.value);
  const unsigned = await look(
    (await start('KexAlgorithms diffie-hellman-group16-sha512', ...KEYS_ONLY)).port,
  );
  t.match(unsigned.withheld, [{ path: '/auth' }]);
  t.equal(verdict(unsigned), 'UNKNOWN E0');
  await t.rejects(look(1, { auth: true, user: 'a b' }), { code: 'config-invalid' });

  const real = await start(...KEYS_ONLY);
  // After the key exchange: NEWKEYS and what follows is cut, held back, or changed on its way.
  for (const [what, change] of [
    ['cut', (data: Buffer) => data.subarray(0, 10)],
    [
      'changed',
      (data: Buffer) => Buffer.from(data.map((byte, i) => (i === data.length - 20 ? byte ^ 1 : byte))),
    ],
  ] as const) {
    const between = await relay(real.port, (data) => {
      const isSession =
        !data.includes('SSH-2.0') && !data.includes('curve25519') && !data.includes('ssh-ed25519');
      return isSession ? change(data) : data;
    });
    t.teardown(() => between.stop());
    const seen = await look(between.port, { auth: true }, 1_500);
    t.match(seen.withheld, [{ path: '/auth', reason: /did not say|no session/ }], what);
    t.equal(verdict(seen), 'UNKNOWN E0', what);
    t.equal(seen.attachments.length, 1, 'what it signed stands');
  }
});

const list = (names: string): number[] => [51, 0, 0, 0, names.length, ...Buffer.from(names), 0];
const ACCEPT = [6, 0, 0, 0, 0];
const ANSWERS: readonly (readonly [
  what: string,
  packets: readonly (readonly number[])[],
  expected: object,
])[] = [
  ['lets anybody in', [ACCEPT, [52]], { anybody: true }],
  [
    'a banner before',
    [ACCEPT, [53, 0, 0, 0, 0, 0, 0, 0, 0], [7], list('publickey')],
    { anybody: false, methods: ['publickey'] },
  ],
  ['no way at all', [ACCEPT, list('')], { why: /no way/ }],
  ['a list that is none', [ACCEPT, [51, 0, 0, 9, 9]], { why: /no list/ }],
  ['cut in the list', [ACCEPT, list('publickey').slice(0, -1)], { why: /no list/ }],
  ['success before it was asked', [[52]], { why: /unexpected/ }],
  ['disconnects', [ACCEPT, [1, 0, 0, 0, 2]], { why: /disconnected/ }],
  ['asks for new keys', [ACCEPT, [20]], { why: /unexpected/ }],
  ['an empty packet', [ACCEPT, []], { why: /unexpected/ }],
  ['noise without end', [ACCEPT, ...Array.from({ length: 30 }, () => [2])], { why: /no answer/ }],
  ['ends', [ACCEPT], { why: /ended/ }],
];
for (const [what, packets, expected] of ANSWERS)
  t.test(`a server that ${what}`, async (t) => {
    const rest = packets.map((each) => Uint8Array.from(each));
    const session = {
      send: () => undefined,
      receive: (): Promise<Uint8Array> => {
        const next = rest.shift();
        return next === undefined ? Promise.reject(new Ended('closed', 'it ended')) : Promise.resolve(next);
      },
    };
    const said = await askMethods(session, 'x');
    t.match(said, expected);
    t.equal('methods' in said, 'methods' in expected);
  });

t.test('who lets anybody in, and ways that nobody knows', (t) => {
  const of = (auth: object): Observed => ({
    value: { auth: { user: 'x', ...auth } },
    grades: [],
    attachments: [],
    contradictions: [],
    population: { source: 'x', total: 1, sampled: 1, method: 'all' },
    bytes: 0,
  });
  t.equal(verdict(of({ anybody: true })), 'VIOLATED E1');
  t.equal(
    verdict(of({ anybody: false, methods: ['publickey', 'hostbased', 'gssapi-with-mic'] })),
    'PROVEN E1',
  );
  t.equal(verdict(of({ anybody: false, methods: ['publickey', 'token@example.com'] })), 'UNKNOWN E0');
  t.equal(verdict(of({ anybody: false, methods: ['token@example.com', 'password'] })), 'VIOLATED E1');
  t.end();
});
