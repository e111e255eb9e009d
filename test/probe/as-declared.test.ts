/**
 * A real sshd and a real nginx against their declared configuration: what they show is as declared, and after a change it is not.
 * The parameters of the claims are declared leaves.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import { parseClaims } from '#src/declare/claims.ts';
import { leafTree } from '#src/declare/leafopening.ts';
import { portableHmac } from '#src/declare/salting.ts';
import { readSource } from '#src/declare/read.ts';
import { JSON_SOURCE } from '#src/declare/sources/json.ts';
import type { Source } from '#src/declare/sources/source.ts';
import { NGINX_SOURCE } from '#src/declare/sources/nginx/nginx.ts';
import { SSHD_SOURCE } from '#src/declare/sources/sshd/sshd.ts';
import { groupClaims } from '#src/probe/groups.ts';
import { httpProbe } from '#src/probe/http/probe.ts';
import { limitReqOf } from '#src/probe/http/limit-req.ts';
import type { Probe } from '#src/probe/probe.ts';
import { sshProbe } from '#src/probe/ssh/probe.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import type { SaltedTree } from '#src/statement/saltedleaf.ts';
import { certificate, nginx, program, sshHostKey, sshServer, type Target } from '../support/e3-targets.ts';
import { declarationOf, owned } from '../support/opened-leaves.ts';
import { limitedNginx, look } from '../support/probe-targets.ts';

const dir = mkdtempSync(join(tmpdir(), 'tally-declared-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

function treeOf(source: Source, text: string): SaltedTree {
  const salting = { secret: new Uint8Array(32).fill(3), hmac: portableHmac };
  const how = {
    source,
    salting,
    literal: false,
    ignore: [],
    sensitive: new Set<string>(),
    notSecret: new Set<string>(),
  };
  return leafTree(readSource([{ name: '', text }], how));
}

/** What the claims of a file come to, by their ids, with one look for all that have the same parameters. */
async function verdicts(
  probe: Probe,
  { port }: Target,
  file: string,
  tree: SaltedTree,
  at = `127.0.0.1:${port}`,
): Promise<Readonly<Record<string, string>>> {
  const { claims } = parseClaims(file, { tree });
  const said: Record<string, string> = {};
  for (const group of groupClaims(claims, declarationOf(owned({})))) {
    const own = probe === httpProbe ? { verify: false } : {};
    const seen = await look(probe, at, { ...Object.fromEntries(group.params), ...own });
    for (const claim of group.claims) {
      const { verdict, evidence, explain } = judgeClaim(claim, seen);
      said[claim.id] = `${verdict} ${evidence}${verdict === 'UNKNOWN' ? `: ${explain}` : ''}`;
    }
  }
  return said;
}

const SSHD = [
  'Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com',
  'MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com',
  'KexAlgorithms curve25519-sha256,diffie-hellman-group16-sha512',
  'HostKeyAlgorithms ssh-ed25519,rsa-sha2-512',
  'PasswordAuthentication no',
  'KbdInteractiveAuthentication no',
  'PubkeyAuthentication yes',
];
const SSH_PACKS = 'claims: [{ pack: sshd-as-declared }, { pack: sshd-logins-as-declared }]';
const AS_DECLARED = {
  'ssh-ciphers-declared': 'PROVEN E3',
  'ssh-macs-declared': 'PROVEN E3',
  'ssh-kex-declared': 'PROVEN E3',
  'ssh-signatures-declared': 'PROVEN E3',
  'ssh-password-declared': 'PROVEN E1',
  'ssh-keyboard-declared': 'PROVEN E1',
  'ssh-publickey-declared': 'PROVEN E1',
};
const skip = program('sshd') === undefined && 'no sshd (openssh-server)';

async function sshd(t: Test, config: readonly string[]): Promise<Target> {
  const server = await sshServer(dir, [sshHostKey(dir, 'ed25519')], ...config);
  if (server === undefined) throw new Error('no sshd');
  t.teardown(() => server.stop());
  return server;
}

t.test('sshd offers what its file declares, and another offer is seen', { skip }, async (t) => {
  const tree = treeOf(SSHD_SOURCE, SSHD.join('\n'));
  t.strictSame(await verdicts(sshProbe, await sshd(t, SSHD), SSH_PACKS, tree), AS_DECLARED);
  const changed = SSHD.map((line) =>
    line.startsWith('Ciphers')
      ? `${line},aes128-ctr`
      : line.startsWith('Password')
        ? 'PasswordAuthentication yes'
        : line.startsWith('HostKeyA')
          ? 'HostKeyAlgorithms ssh-ed25519'
          : line,
  );
  t.strictSame(await verdicts(sshProbe, await sshd(t, changed), SSH_PACKS, tree), {
    ...AS_DECLARED,
    'ssh-ciphers-declared': 'VIOLATED E3',
    'ssh-password-declared': 'VIOLATED E1',
  });
  const reversed = SSHD.map((line) => line.replace(/^(MACs )([^,]+),(.*)$/, '$1$3,$2'));
  t.match(await verdicts(sshProbe, await sshd(t, reversed), SSH_PACKS, tree), {
    'ssh-macs-declared': 'VIOLATED E3',
    'ssh-ciphers-declared': 'PROVEN E3',
  });
});

t.test('sshd without a word about algorithms offers what `sshd -T` lists', { skip }, async (t) => {
  const few = ['PasswordAuthentication no', 'KbdInteractiveAuthentication no'];
  const server = await sshd(t, few);
  const file = readdirSync(dir).find((name) => name.startsWith('sshd-'));
  const config = join(dir, `listed-${file ?? ''}`);
  writeFileSync(config, [`HostKey ${sshHostKey(dir, 'ed25519')}`, ...few, ''].join('\n'));
  const listing = execFileSync(program('sshd') ?? 'sshd', ['-T', '-f', config], { encoding: 'utf8' });
  t.strictSame(await verdicts(sshProbe, server, SSH_PACKS, treeOf(SSHD_SOURCE, listing)), AS_DECLARED);
});

t.test('a pack makes claims of what is declared alone', async (t) => {
  const one = parseClaims('claims: [{ pack: sshd-as-declared }]', {
    tree: treeOf(SSHD_SOURCE, 'MACs hmac-sha2-256-etm@openssh.com'),
  });
  t.strictSame(
    one.claims.map(({ id, declared }) => [id, ...(declared ?? [])]),
    [['ssh-macs-declared', ['macs', '/MACs']]],
  );
  t.strictSame(
    one.undeclared,
    ['/Ciphers', '/KexAlgorithms', '/HostKeyAlgorithms'],
    'and commit says of what not',
  );
  const none = treeOf(SSHD_SOURCE, 'PermitRootLogin no');
  t.throws(() => parseClaims('claims: [{ pack: sshd-as-declared }]', { tree: none }), {
    message: /reads \/Ciphers, .*and none of them is declared/,
  });
  const relative = treeOf(SSHD_SOURCE, 'Ciphers +aes128-cbc');
  t.throws(() => parseClaims('claims: [{ pack: sshd-as-declared }]', { tree: relative }), {
    message: /ciphers begins with \+, - or \^.*declare the listing of `sshd -T`/,
  });
  const own = parseClaims('claims: [{ pack: sshd-as-declared, params: { macs: none } }]', {
    tree: relative === none ? none : treeOf(SSHD_SOURCE, 'MACs hmac-sha2-256'),
  });
  t.strictSame(
    [own.claims[0]?.params?.get('macs'), own.claims[0]?.declared],
    ['none', undefined],
    'what the file gives counts',
  );
});

const skipNginx = program('nginx') === undefined && 'no nginx';
const tlsFile = (path: string, more = ''): string =>
  `claims: [{ pack: tls-as-declared, params: { ${more} protocols: { declared: '${path}' } } }]`;

t.test(
  'nginx accepts the versions of its ssl_protocols, and others are seen',
  { skip: skipNginx },
  async (t) => {
    const server = await nginx(dir, certificate(dir, 'p256'), 'ssl_protocols TLSv1.2 TLSv1.3;');
    if (server === undefined) throw new Error('no nginx');
    t.teardown(() => server.stop());
    const running = readFileSync(join(dir, 'nginx.conf'), 'utf8');
    const file = tlsFile(`/http/server[localhost:${server.port}]/ssl_protocols`);
    const declaring = (protocols: string): SaltedTree =>
      treeOf(NGINX_SOURCE, running.replace('TLSv1.2 TLSv1.3', protocols));
    t.strictSame(await verdicts(tlsProbe, server, file, declaring('TLSv1.2 TLSv1.3')), {
      'tls-undeclared-refused': 'PROVEN E1',
      'tls-declared-accepted': 'PROVEN E3',
    });
    t.strictSame(
      await verdicts(tlsProbe, server, file, declaring('TLSv1.3')),
      { 'tls-undeclared-refused': 'VIOLATED E3', 'tls-declared-accepted': 'PROVEN E3' },
      'the server still accepts what the file no longer names: the server signed that',
    );
    t.strictSame(await verdicts(tlsProbe, server, file, declaring('TLSv1.1 TLSv1.2 TLSv1.3')), {
      'tls-undeclared-refused': 'PROVEN E1',
      'tls-declared-accepted': 'VIOLATED E1',
    });
    const tried = tlsFile(`/http/server[localhost:${server.port}]/ssl_protocols`, 'versions: [TLSv1.3],');
    t.match(
      await verdicts(tlsProbe, server, tried, declaring('TLSv1.3')),
      { 'tls-undeclared-refused': /^UNKNOWN/ },
      'a version that was not tried is not refused',
    );
    t.throws(() => parseClaims(tlsFile('/ssl_protocols'), { tree: declaring('TLSv1.3') }), {
      message: new RegExp(`did you mean /http/server\\[localhost:${server.port}\\]/ssl_protocols\\?`),
    });
  },
);

t.test('versions that the probe does not try are refused', async (t) => {
  for (const protocols of ['SSLv3 TLSv1.2', 'TLSv1.2,TLSv1.3', '', 'TLSv1.2  TLSv1.3']) {
    const tree = treeOf(JSON_SOURCE, JSON.stringify({ protocols }));
    t.throws(
      () => parseClaims(tlsFile('/protocols'), { tree }),
      { message: /the pack tls-as-declared: protocols has / },
      protocols,
    );
  }
});

const LIMIT_FILE = `claims:
  - pack: nginx-rate-limit-as-declared
    params: { limit: { declared: LIMIT }, zone: { declared: ZONE } }
`;

/** Looks at the server, against its own file with other words in the place of its limit. */
function bursts(server: Target, folder: string) {
  const running = readFileSync(join(folder, 'limit.conf'), 'utf8');
  const at = `/http/server[:${server.port}]/location[~1]/limit_req[zone=api]`;
  return (limit: string, rate: string, more = ''): Promise<Readonly<Record<string, string>>> =>
    verdicts(
      httpProbe,
      server,
      LIMIT_FILE.replace('params: {', `params: {${more}`)
        .replace('LIMIT', `'${at}'`)
        .replace('ZONE', "'/http/limit_req_zone[$binary_remote_addr]'"),
      treeOf(NGINX_SOURCE, running.replace('burst=5 nodelay', limit).replace('10r/s', rate)),
      `https://127.0.0.1:${server.port}/`,
    );
}

t.test('nginx limits as its limit_req says, no more and no less', { skip: skipNginx }, async (t) => {
  const server = await limitedNginx(dir, certificate(dir, 'p256'), 'try_files /index.html =404;');
  if (server === undefined) throw new Error('no nginx');
  t.teardown(() => server.stop());
  t.strictSame(await bursts(server, dir)('burst=5 nodelay', '10r/s'), {
    'rate-limited-as-declared': 'PROVEN E1',
    'rate-served-as-declared': 'PROVEN E1',
  });
});

t.test('another limit than the declared one is seen', { skip: skipNginx }, async (t) => {
  const other = join(dir, 'other');
  for (const [name, limit, rate, more, says] of [
    ['a', 'burst=30 nodelay', '10r/s', '', { 'rate-served-as-declared': 'VIOLATED E1' }],
    ['b', 'nodelay', '1r/m', '', { 'rate-limited-as-declared': 'VIOLATED E1' }],
    [
      'c',
      'burst=5 nodelay',
      '10r/s',
      ' requests: 3,',
      {
        'rate-limited-as-declared': /^UNKNOWN .*send more/,
        'rate-served-as-declared': /^UNKNOWN .*send more/,
      },
    ],
  ] as const) {
    mkdirSync(join(other, name), { recursive: true });
    const server = await limitedNginx(
      join(other, name),
      certificate(dir, 'p256'),
      'try_files /index.html =404;',
    );
    if (server === undefined) throw new Error('no nginx');
    t.match(await bursts(server, join(other, name))(limit, rate, more), says, name);
    await server.stop();
  }
});

t.test('what limit_req says is read as nginx reads it', async (t) => {
  const zone = 'zone=one:10m rate=10r/s';
  t.strictSame(limitReqOf('burst=5 nodelay', zone), { rate: 10, burst: 5 });
  t.strictSame(limitReqOf('zone=one burst=5 delay=3', zone), { rate: 10, burst: 5 });
  t.strictSame(limitReqOf('', zone), { rate: 10, burst: 0 });
  t.strictSame(limitReqOf('burst=1', 'zone=one:1m rate=30r/m sync'), { rate: 0.5, burst: 1 });
  for (const [limit, limited] of [
    ['burst=5 burst=6', zone],
    ['burst=x', zone],
    ['zone=login burst=5', '$binary_remote_addr zone=static:10m rate=9999r/s'],
    ['zone=on burst=5', zone],
    ['zone=one burst=5', 'rate=1r/s'],
    ['burst=5,nodelay', zone],
    ['burst=5', 'zone=one:10m'],
    ['burst=5', 'rate=1r/s rate=9r/s'],
    ['burst=5', 'rate=1r/h'],
    ['burst=5', 'rate=0r/s'],
  ] as const)
    t.equal(limitReqOf(limit, limited), undefined, `${limit} | ${limited}`);
});
