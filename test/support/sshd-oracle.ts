/** What the real sshd makes of a configuration (`sshd -T`), and what follows from the leaves of the source `sshd`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import type { Declarable } from '#src/declare/leaf.ts';
import { mayDiffer } from '#src/declare/sources/sshd/listing.ts';
import { declareSshd } from '#src/declare/sources/sshd/sshd.ts';
import { unescaped } from '#src/claim/value.ts';

const SSHD = '/usr/sbin/sshd';

/** A connection that a Match block is asked for. */
export interface Connection {
  readonly user: string;
  readonly host: string;
  readonly addr: string;
}

/** Runs sshd on texts in a folder of its own. */
export class SshdOracle {
  readonly dir = mkdtempSync(join(tmpdir(), 'tallystick-sshd-'));
  readonly #key = join(this.dir, 'key');

  constructor() {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.#key]);
  }

  /** Whether sshd is there and takes an empty file. */
  get works(): boolean {
    return 'out' in this.ask('');
  }

  /** The listing of a text, or what sshd says against it. */
  ask(text: string, by?: Connection): { readonly out: string } | { readonly err: string } {
    const file = join(this.dir, 'sshd_config');
    writeFileSync(file, text);
    const spec =
      by === undefined
        ? []
        : ['-C', `user=${by.user},host=${by.host},addr=${by.addr},laddr=192.0.2.9,lport=22`];
    const { status, stdout, stderr } = spawnSync(SSHD, ['-T', '-f', file, '-h', this.#key, ...spec], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    return status === 0 ? { out: stdout } : { err: stderr || 'did not run' };
  }

  end(): void {
    rmSync(this.dir, { recursive: true });
  }
}

export type Leaves = ReadonlyMap<string, unknown>;

export function leavesOf({ leaves }: Declarable): Leaves {
  return new Map(leaves.map(({ path, value }) => [path, decodeCbor(value)]));
}

/** Leaves of a text, or why it is refused. */
export function read(text: string): Leaves | string {
  try {
    return leavesOf(declareSshd([{ name: '-', text }]));
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const MORE = new Set(
  ['AllowUsers', 'DenyUsers', 'AllowGroups', 'DenyGroups', 'AcceptEnv'].map((name) => `/${name}`),
);

/** What holds for a connection by the rules of sshd_config(5), from the leaves alone. */
export function effective(leaves: Leaves, by: Connection): Map<string, string> {
  const all = new Map<string, string>();
  for (const [path, value] of leaves)
    if (!path.startsWith('/Match') && typeof value === 'string') all.set(path, value);
  const order: unknown = leaves.get('/Match');
  const names: unknown = order instanceof Map ? order.get('list') : [];
  const matched = new Map<string, string>();
  for (const name of Array.isArray(names) ? names : []) {
    if (typeof name !== 'string' || !holds(name, by)) continue;
    for (const [path, value] of leaves) {
      const [, , step = '', ...rest] = path.split('/');
      const at = `/${rest.join('/')}`;
      if (!path.startsWith('/Match/') || unescaped(step) !== name || typeof value !== 'string') continue;
      const before = matched.get(at);
      if (before === undefined) matched.set(at, value);
      else if (MORE.has(at)) matched.set(at, `${before} ${value}`);
    }
  }
  return new Map([...all, ...matched]);
}

/** Whether criteria hold. The tests use users, hosts and addresses with stars and lists alone. */
function holds(criteria: string, by: Connection): boolean {
  if (criteria === 'all') return true;
  const words = criteria.split(' ');
  for (let i = 0; i < words.length; i += 2) {
    const [name = '', patterns = ''] = words.slice(i, i + 2);
    const value = { User: by.user, Host: by.host, Address: by.addr }[name];
    if (value === undefined) return false;
    const has = patterns.split(',').some((each) => {
      const body = each
        .replaceAll(/[\\^$.+()[\]{}|]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.');
      return new RegExp(`^${body}$`).test(value);
    });
    if (!has) return false;
  }
  return true;
}

/** Settings that sshd takes for another value than the leaves say. */
export function differences(leaves: Leaves, listing: string, by?: Connection): readonly string[] {
  const real = read(listing);
  if (typeof real === 'string') return [`the listing is refused: ${real}`];
  const here = effective(leaves, by ?? { user: '', host: '', addr: '' });
  return [...here].flatMap(([path, value]) => {
    const there = real.get(path);
    if (there === value || mayDiffer(path, value)) return [];
    return [`${path}: ${JSON.stringify(value)} here, ${JSON.stringify(there)} there`];
  });
}
