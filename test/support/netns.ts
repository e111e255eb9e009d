/**
 * Hosts in network namespaces, with firewalls of nftables between them: `src` (192.0.2.1, 2001:db8::1), `dst` (192.0.2.2,
 * 2001:db8::2), and `other` (198.51.100.2), which is reached through `dst` alone. None of them is linked to this machine's own
 * network. Everything is taken away when the test ends, however it ends.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { program } from './e3-targets.ts';

const PREFIX = 'tally-net-';

export type HostName = 'src' | 'dst' | 'other';

/** Why no namespaces can be made here; undefined if they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const [name, from] of [
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
  ] as const)
    if (program(name) === undefined) return `no ${name}: the Debian package ${from} is not installed`;
  const name = `${PREFIX}${process.pid}-try`;
  const made = spawnSync('ip', ['netns', 'add', name]);
  spawnSync('ip', ['netns', 'del', name]);
  return made.status === 0 ? undefined : 'this machine does not allow network namespaces';
}

export class Hosts {
  readonly #children: ChildProcess[] = [];

  static make(t: Test): Hosts {
    removeStale();
    const hosts = new Hosts();
    const take = (): void => hosts.#remove();
    process.on('exit', take);
    t.teardown(() => {
      process.off('exit', take);
      take();
    });
    hosts.#link();
    return hosts;
  }

  /** Runs a program of a host to its end. */
  run(host: HostName, ...argv: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', nameOf(host), ...argv], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Whether a program ended well. */
  can(host: HostName, ...argv: readonly string[]): boolean {
    return spawnSync('ip', ['netns', 'exec', nameOf(host), ...argv], { stdio: 'ignore' }).status === 0;
  }

  /** Replaces the firewall of a host. `rules`: the body of a table of family inet; empty: no firewall. */
  firewall(host: HostName, rules = ''): void {
    const text = `flush ruleset\n${rules === '' ? '' : `table inet t {\n${rules}\n}\n`}`;
    execFileSync('ip', ['netns', 'exec', nameOf(host), 'nft', '-f', '-'], {
      input: text,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  }

  /** Starts a Node program of test/support on a host, and waits for its first line. */
  async start(host: HostName, file: string, ...args: readonly string[]): Promise<Lines> {
    const path = join(import.meta.dirname, file);
    const child = spawn('ip', ['netns', 'exec', nameOf(host), process.execPath, path, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    const lines = new Lines(child);
    await lines.next();
    return lines;
  }

  #link(): void {
    for (const host of ['src', 'dst', 'other'] as const) {
      execFileSync('ip', ['netns', 'add', nameOf(host)]);
      this.run(host, 'ip', 'link', 'set', 'lo', 'up');
    }
    const pairs = [
      ['src', 'dst', '192.0.2.1/24', '192.0.2.2/24', '2001:db8::1/64', '2001:db8::2/64'],
      ['dst', 'other', '198.51.100.1/24', '198.51.100.2/24', '2001:db8:1::1/64', '2001:db8:1::2/64'],
    ] as const;
    for (const [a, b, a4, b4, a6, b6] of pairs) {
      const [left, right] = [`to-${b}`, `to-${a}`];
      this.run(a, 'ip', 'link', 'add', left, 'type', 'veth', 'peer', 'name', right, 'netns', nameOf(b));
      for (const [host, link, four, six] of [
        [a, left, a4, a6],
        [b, right, b4, b6],
      ] as const) {
        this.run(host, 'ip', 'addr', 'add', four, 'dev', link);
        this.run(host, 'ip', 'addr', 'add', six, 'dev', link, 'nodad');
        this.run(host, 'ip', 'link', 'set', link, 'up');
      }
    }
    this.run('dst', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    this.run('src', 'ip', 'route', 'add', 'default', 'via', '192.0.2.2');
    this.run('other', 'ip', 'route', 'add', 'default', 'via', '198.51.100.1');
    // ICMP errors are limited to one a second for each host, so that tries would see one error and then silence.
    const quick = ['net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0'];
    for (const host of ['src', 'dst'] as const) this.run(host, 'sysctl', '-qw', ...quick);
    // A host that is down is found to be after three questions, one in 100 ms.
    this.run('src', 'sysctl', '-qw', 'net.ipv4.neigh.to-dst.retrans_time_ms=100');
  }

  #remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const host of ['src', 'dst', 'other'] as const)
      spawnSync('ip', ['netns', 'del', nameOf(host)], { stdio: 'ignore' });
  }
}

/** The lines that a child says, and what is said to it. */
export class Lines {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('the child has no output');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('the child ended');
    return value;
  }

  async ask(question: unknown): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    return JSON.parse(await this.next());
  }
}

const nameOf = (host: string, pid = process.pid): string => `${PREFIX}${pid}-${host}`;

/** Namespaces of tests that were killed. */
function removeStale(): void {
  let names: readonly string[] = [];
  try {
    names = readdirSync('/run/netns').filter((name) => name.startsWith(PREFIX));
  } catch {
    return;
  }
  for (const name of names) {
    const pid = Number(/(\d+)-/.exec(name.slice(PREFIX.length))?.[1]);
    try {
      process.kill(pid, 0);
    } catch {
      spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    }
  }
}
