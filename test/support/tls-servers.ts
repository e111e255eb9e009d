/** Servers of others for tls-targets.test.ts: Go, Java, GnuTLS, haproxy, stunnel, Apache. Undefined where one is missing. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, end, freePort, program, type Pair, type Target } from './e3-targets.ts';

const SOURCES = join(import.meta.dirname, './targets');

/** Versions of TLS as Go numbers them. */
const NUMBERS = { 'TLSv1.3': '0x304', 'TLSv1.2': '0x303', 'TLSv1.1': '0x302', TLSv1: '0x301' } as const;

export interface GoOptions {
  readonly min?: keyof typeof NUMBERS;
  readonly max?: keyof typeof NUMBERS;
  /** Numbers of groups; none: Go's own choice. */
  readonly curves?: string;
  readonly clients?: boolean;
}

/** Builds the server of targets/server.go once; undefined without a Go toolchain. Nothing is downloaded. */
export function buildGo(dir: string): string | undefined {
  const go = program('go');
  if (go === undefined) return undefined;
  const out = join(dir, 'server');
  const env = { ...process.env, GO111MODULE: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '', GOPROXY: 'off' };
  execFileSync(go, ['build', '-o', out, join(SOURCES, 'server.go')], { env, stdio: 'pipe' });
  return out;
}

export async function goServer(
  built: string,
  { certFile, keyFile }: Pair,
  options: GoOptions,
): Promise<Target> {
  const { min = 'TLSv1.2', max = 'TLSv1.3', curves = '', clients = false } = options;
  const files = ['127.0.0.1:0', certFile, keyFile];
  const child = spawn(built, [...files, NUMBERS[min], NUMBERS[max], curves, clients ? 'clients' : 'nobody'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // A program without a module gets the defaults of an old Go.
    env: { ...process.env, GODEBUG: 'tlsmlkem=1,tlssecpmlkem=1' },
  });
  const [port = 0] = await portsOf(child, 1);
  return { port, stop: () => end(child) };
}

/** One Java process with a server for each `PROTOCOLS:SUITES:CLIENTS`; ports in the same order. */
export async function javaServers(
  dir: string,
  { certFile, keyFile }: Pair,
  servers: readonly string[],
): Promise<(Target & { readonly ports: readonly number[] }) | undefined> {
  const java = program('java');
  // A file of source needs the compiler of a JDK.
  if (java === undefined || program('javac') === undefined) return undefined;
  const store = join(dir, 'java.p12');
  const files = ['-in', certFile, '-inkey', keyFile, '-out', store, '-passout', 'pass:tallystick'];
  execFileSync('openssl', ['pkcs12', '-export', '-name', 'server', ...files], { stdio: 'pipe' });
  const child = spawn(
    java,
    ['-Xshare:auto', '-XX:TieredStopAtLevel=1', join(SOURCES, 'Server.java'), store, ...servers],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  const ports = await portsOf(child, servers.length);
  return { ports, port: ports[0] ?? 0, stop: () => end(child) };
}

/** `port …` lines that a server prints, each of which ends with the port. */
async function portsOf(child: ChildProcess, count: number): Promise<readonly number[]> {
  return await new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const ports = Array.from(said.matchAll(/^port (?:\S+:)?(\d+)$/gm), ([, port]) => Number(port));
      if (ports.length === count) resolve(ports);
    });
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

/** gnutls-serv with a priority string and more arguments. */
export async function gnutls(
  pair: Pair | undefined,
  priority: string,
  ...args: readonly string[]
): Promise<Target | undefined> {
  const path = program('gnutls-serv');
  if (path === undefined) return undefined;
  const port = await freePort();
  const files = pair === undefined ? [] : ['--x509certfile', pair.certFile, '--x509keyfile', pair.keyFile];
  const child = spawn(path, ['-q', '-p', String(port), `--priority=${priority}`, ...files, ...args], {
    stdio: 'ignore',
  });
  await answers(port, child);
  return { port, stop: () => end(child) };
}

/** Password files of GnuTLS for a user `tallystick`: PSK and SRP; undefined where the tools are missing. */
export function gnutlsPasswords(
  dir: string,
): { readonly psk: string; readonly srp: readonly string[] } | undefined {
  const srptool = program('srptool');
  if (srptool === undefined) return undefined;
  const psk = join(dir, 'psk.txt');
  writeFileSync(psk, 'tallystick:00112233445566778899aabbccddeeff\n', { mode: 0o600 });
  const [passwords, groups] = [join(dir, 'srp.txt'), join(dir, 'srp.conf')];
  spawnSync(srptool, ['--create-conf', groups], { stdio: 'ignore' });
  const files = ['--passwd-conf', groups, '-p', passwords];
  spawnSync(srptool, [...files, '-u', 'tallystick'], {
    input: 'secret\nsecret\n',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return { psk, srp: ['--srppasswd', passwords, '--srppasswdconf', groups] };
}

/** haproxy with the words of one `bind … ssl`. */
export async function haproxy(
  dir: string,
  pair: Pair,
  ...bind: readonly string[]
): Promise<Target | undefined> {
  const pem = join(dir, 'haproxy.pem');
  writeFileSync(pem, pair.cert + pair.key, { mode: 0o600 });
  return await configured('haproxy', dir, ['-db', '-f'], (port) => [
    'defaults',
    ' mode http',
    ' timeout client 10s',
    ' timeout server 10s',
    ' timeout connect 10s',
    'frontend f',
    ` bind 127.0.0.1:${port} ssl crt ${pem} ${bind.join(' ')}`,
    ' http-request return status 204',
  ]);
}

/** stunnel with more lines for its one service. */
export async function stunnel(
  dir: string,
  pair: Pair,
  ...lines: readonly string[]
): Promise<Target | undefined> {
  return await configured('stunnel4', dir, [], (port) => [
    'foreground = yes',
    'pid =',
    '[tls]',
    `accept = 127.0.0.1:${port}`,
    'connect = 127.0.0.1:9',
    `cert = ${pair.certFile}`,
    `key = ${pair.keyFile}`,
    ...lines,
  ]);
}

/** Apache with more lines for its one server. */
export async function apache(
  dir: string,
  pair: Pair,
  ...lines: readonly string[]
): Promise<Target | undefined> {
  const module = (name: string): string =>
    `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`;
  return await configured('apache2', dir, ['-DFOREGROUND', '-f'], (port) => [
    ...['mpm_event', 'authz_core', 'ssl'].map(module),
    `ServerRoot ${dir}`,
    `PidFile ${dir}/apache.pid`,
    'ServerName localhost',
    `ErrorLog ${dir}/apache.log`,
    `Listen 127.0.0.1:${port}`,
    'SSLEngine on',
    `SSLCertificateFile ${pair.certFile}`,
    `SSLCertificateKeyFile ${pair.keyFile}`,
    ...lines,
  ]);
}

async function configured(
  name: string,
  dir: string,
  flags: readonly string[],
  linesFor: (port: number) => readonly string[],
): Promise<Target | undefined> {
  const path = program(name);
  if (path === undefined) return undefined;
  const port = await freePort();
  const file = join(dir, `${name}-${port}.conf`);
  writeFileSync(file, [...linesFor(port), ''].join('\n'));
  const child = spawn(path, [...flags, file], { stdio: 'ignore', cwd: dir });
  await answers(port, child);
  return { port, stop: () => end(child) };
}
