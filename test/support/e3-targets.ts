/**
 * Real servers for the tests of transcripts and probes: node:tls, `openssl s_server`, OpenSSH, nginx, PostgreSQL.
 * Each listens on loopback and is stopped by what `start…` returns; one that is not installed gives undefined.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Observed } from '#src/claim/observed.ts';
import type { Probe } from '#src/probe/probe.ts';
import { digest } from '#src/bytes/brand.ts';
import type { Declaration, Parameter } from '#src/statement/commitment.ts';
import { runShaped } from './shaped.ts';

/** SHA-256 of a text. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Where the wall clock of the tests stands, milliseconds. */
export const NOW = 1_800_000_000_000;

export interface Target {
  readonly port: number;
  stop(): Promise<void>;
}

/** A temporary folder, gone when the process ends. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tallystick-e3-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The path of a program, looked for where administrators' programs are as well. */
export function program(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/lib/postgresql/15/bin',
  ];
  return folders.map((each) => join(each, name)).find((path) => existsSync(path));
}

/** Options of `openssl req -newkey` by the name of a kind of key. */
export const KEY_KINDS = {
  p256: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  p521: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  rsa: ['rsa:2048'],
  pss: ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ed25519: ['ed25519'],
  ed448: ['ed448'],
  brainpool: ['ec', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1'],
} as const;
export type KeyKind = keyof typeof KEY_KINDS;

export interface Pair {
  readonly key: string;
  readonly cert: string;
  readonly keyFile: string;
  readonly certFile: string;
}

/** A self-signed certificate, by default for `KIND.test`, localhost and 127.0.0.1, made by openssl. */
export function certificate(
  dir: string,
  kind: KeyKind,
  hosts = `DNS:${kind}.test,DNS:localhost,IP:127.0.0.1`,
): Pair {
  const [keyFile, certFile] = [join(dir, `${kind}.key`), join(dir, `${kind}.crt`)];
  if (!existsSync(certFile)) {
    const names = `subjectAltName=${hosts}`;
    const name = ['-subj', `/O=Tallystick tests/CN=${kind}.test`, '-addext', names];
    const files = ['-keyout', keyFile, '-out', certFile, '-days', '3650', '-nodes'];
    execFileSync('openssl', ['req', '-x509', '-newkey', ...KEY_KINDS[kind], ...files, ...name], {
      stdio: 'pipe',
    });
    chmodSync(keyFile, 0o600);
  }
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}

/** A target whose locators may be signed for by the key of a certificate alone. */
export function pinnedTo({ cert }: Pick<Pair, 'cert'>, ...locators: readonly string[]): Pinned {
  const der = new X509Certificate(cert).publicKey.export({ format: 'der', type: 'spki' });
  const spki = digest(Uint8Array.from(createHash('sha256').update(der).digest()));
  return { locators: locators.map((at) => ({ at, identity: [{ spki }] })) };
}
type Pinned = NonNullable<Declaration['target']>;

/** A server of whatever kind on a port of the system's choice. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<Target> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Node's own TLS server. */
export async function nodeTls(options: TlsOptions, host?: string): Promise<Target> {
  const server = createTlsServer(options);
  server.on('tlsClientError', () => undefined);
  return await listen(server, host);
}

/** A plain TCP server: what a hostile target does. */
export async function tcp(talk: (socket: Socket) => void): Promise<Target> {
  return await listen(createServer(talk));
}

/** `openssl s_server` with more arguments. */
export async function opensslServer(pair: Pair, ...args: string[]): Promise<Target> {
  const common = ['s_server', '-accept', '127.0.0.1:0', '-cert', pair.certFile, '-key', pair.keyFile];
  const child = spawn('openssl', [...common, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    const listening = (chunk: Buffer): void => {
      said += chunk.toString();
      const [, found] = /ACCEPT \S+:(\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(Number(found));
    };
    child.stdout.on('data', listening);
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('exit', () => reject(new Error(`openssl s_server ended: ${said}`)));
  });
  return { port, stop: () => end(child) };
}

/** OpenSSH's server in inetd mode, one process a connection; `undefined` where it is not installed. */
export async function sshServer(
  dir: string,
  hostKeys: readonly string[],
  ...config: string[]
): Promise<Target | undefined> {
  const sshd = program('sshd');
  if (sshd === undefined) return undefined;
  // The privilege separation folder that the service unit would make.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const file = join(
    dir,
    `sshd-${hashOf(JSON.stringify([hostKeys, config]))
      .toString('hex')
      .slice(0, 8)}`,
  );
  writeFileSync(
    file,
    [...hostKeys.map((key) => `HostKey ${key}`), 'PidFile none', 'LoginGraceTime 10', ...config, ''].join(
      '\n',
    ),
  );
  const children = new Set<ChildProcess>();
  const target = await tcp((socket) => {
    const child = spawn(sshd, ['-i', '-f', file], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.add(child);
    // Left alone, it would wait out its login grace time; at the end of its input it goes of itself.
    socket.on('close', () => child.stdin.end());
    child.stdin.on('error', () => undefined);
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
    child.on('exit', () => children.delete(child));
  });
  return {
    port: target.port,
    stop: async () => {
      await target.stop();
      await Promise.all(Array.from(children, gone));
    },
  };
}

/** A host key made by ssh-keygen; the path of its private half. */
export function sshHostKey(dir: string, type: string, bits?: number): string {
  const path = join(dir, `host-${type}${bits ?? ''}`);
  const size = bits === undefined ? [] : ['-b', String(bits)];
  if (!existsSync(path))
    execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', 'test', '-f', path]);
  return path;
}

/** nginx with TLS, in the foreground, with `ssl_…` lines; undefined where it is not installed. */
export async function nginx(dir: string, pair: Pair, ...ssl: string[]): Promise<Target | undefined> {
  const path = program('nginx');
  if (path === undefined) return undefined;
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${dir}/${each};`,
  );
  const lines = [
    'daemon off; master_process off;',
    `pid ${dir}/nginx.pid; error_log stderr;`,
    'events {}',
    `http { access_log off; ${temp.join(' ')}`,
    `server { listen 127.0.0.1:${port} ssl; server_name localhost;`,
    `ssl_certificate ${pair.certFile}; ssl_certificate_key ${pair.keyFile}; ${ssl.join(' ')} return 204; } }`,
  ];
  writeFileSync(join(dir, 'nginx.conf'), lines.join('\n'));
  const child = spawn(path, ['-p', dir, '-e', 'stderr', '-c', join(dir, 'nginx.conf')], { stdio: 'ignore' });
  await answers(port, child);
  return { port, stop: () => end(child) };
}

/** PostgreSQL in a folder of its own, as a user who is not root; undefined where it is not installed. */
export async function postgres(dir: string, pair: Pair, ...settings: string[]): Promise<Target | undefined> {
  const initdb = program('initdb');
  const server = program('postgres');
  if (initdb === undefined || server === undefined) return undefined;
  const root = process.getuid?.() === 0;
  const [uid, gid] = root ? [idOf('-u'), idOf('-g')] : [undefined, undefined];
  const as = uid === undefined || gid === undefined ? {} : { uid, gid };
  if (root && uid === undefined) return undefined;
  const data = join(dir, 'pg');
  for (const [from, to] of [
    [pair.keyFile, 'pg.key'],
    [pair.certFile, 'pg.crt'],
  ] as const) {
    writeFileSync(join(dir, to), readFileSync(from), { mode: 0o600 });
    if (root) execFileSync('chown', [`${uid}:${gid}`, join(dir, to)]);
  }
  if (root) execFileSync('chown', [`${uid}:${gid}`, dir]);
  execFileSync(initdb, ['-D', data, '-A', 'trust', '-N', '--no-instructions'], {
    ...as,
    stdio: 'pipe',
    cwd: dir,
  });
  const port = await freePort();
  const own = [
    'ssl=on',
    `ssl_cert_file=${dir}/pg.crt`,
    `ssl_key_file=${dir}/pg.key`,
    `unix_socket_directories=${dir}`,
  ];
  const flags = [...own, 'listen_addresses=127.0.0.1', `port=${port}`, 'fsync=off', ...settings].flatMap(
    (s) => ['-c', s],
  );
  const child = spawn(server, ['-D', data, ...flags], { ...as, stdio: 'ignore', cwd: dir });
  await answers(port, child);
  await isReady(join(data, 'postmaster.pid'), child);
  return { port, stop: () => end(child, 'SIGINT') };
}

function idOf(flag: '-u' | '-g'): number | undefined {
  const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

export async function freePort(): Promise<number> {
  const target = await tcp(() => undefined);
  await target.stop();
  return target.port;
}

/** Waits until something listens there, at most 20 seconds. */
export async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server did not begin to listen');
}

/** PostgreSQL listens before it lets anybody in; the last line of its lock file says when it does. */
async function isReady(file: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    if (/^ready\s*$/m.test(readFileSync(file, 'latin1'))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server did not become ready');
}

function gone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on('exit', () => resolve());
  });
}

export function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const ended = gone(child);
  child.kill(signal);
  return ended;
}

/** Runs a probe against a port of loopback, under the name `localhost`. */
export function probeAt(
  probe: Probe,
  port: number,
  params: Readonly<Record<string, Parameter>> = {},
  rest: { readonly challenge?: Uint8Array; readonly signal?: AbortSignal; readonly host?: string } = {},
): Promise<Observed> {
  return runShaped(probe, {
    target: `${rest.host ?? 'localhost'}:${port}`,
    params: new Map(Object.entries(params)),
    challenge: rest.challenge ?? hashOf('a challenge'),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: rest.signal ?? new AbortController().signal,
    now: () => NOW,
  });
}
