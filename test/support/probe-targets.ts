/** Targets and a way to look at them, for the tests of postgres, http, files, terraform and exec. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { parametersOf } from '#src/probe/parameters.ts';
import { judgeClaim, type Judgement } from '#src/claim/judge.ts';
import { digest } from '#src/bytes/brand.ts';
import { assembleProof, type Assembled } from '#src/claim/assemble.ts';
import type { Observed } from '#src/claim/observed.ts';
import type { Value } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import type { Probe, ProbeTask } from '#src/probe/probe.ts';
import type { Claim, Parameter } from '#src/statement/commitment.ts';
import { encodeProof, parsePayload } from '#src/statement/payload.ts';
import { hashOf, NOW, postgres, program, tcp, type Pair, type Target } from './e3-targets.ts';
import { runShaped } from './shaped.ts';

export type Params = Readonly<Record<string, Parameter>>;

export interface Rest {
  readonly declared?: ReadonlyMap<string, Value>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly challenge?: Uint8Array;
  readonly consented?: ProbeTask['consented'];
  readonly draw?: Uint8Array | undefined;
  readonly spent?: (cpuUs: number) => void;
}

/** Looks once, the parameters checked as an agent checks them. */
export function look(probe: Probe, target: string, params: Params = {}, rest: Rest = {}): Promise<Observed> {
  const { declared, secrets = {}, signal = new AbortController().signal } = rest;
  return runShaped(probe, {
    target,
    params: parametersOf(probe, ...sidesOf(probe, params)),
    challenge: rest.challenge ?? hashOf('a challenge'),
    ...(declared !== undefined && { declared }),
    secret: (name) => Promise.resolve(secrets[name]),
    ...(rest.draw !== undefined && { draw: rest.draw }),
    consented: rest.consented ?? (() => ({ pairsPerMinute: 60 })),
    spent: rest.spent ?? (() => undefined),
    signal,
    now: () => NOW,
  });
}

/** Parameters as a claim gives them, and as the owner of the target does. */
function sidesOf(
  probe: Probe,
  params: Params,
): [ReadonlyMap<string, Parameter>, ReadonlyMap<string, Parameter>] {
  const of = (by: 'claim' | 'owner'): ReadonlyMap<string, Parameter> =>
    new Map(Object.entries(params).filter(([name]) => (probe.parameters[name]?.by ?? 'claim') === by));
  return [of('claim'), of('owner')];
}

/** A claim of a probe's observation. */
export function claimOf(probe: Probe, expr: string, minEvidence: Claim['minEvidence'] = 'E0'): Claim {
  return { id: 'c', expr, probe: probe.name, minEvidence, cadence: 60, severity: 'high' };
}

export function judge(
  probe: Probe,
  seen: Observed,
  expr: string,
  minEvidence?: Claim['minEvidence'],
): Judgement {
  return judgeClaim(claimOf(probe, expr, minEvidence), seen);
}

/** What every claim of a pack comes to, by its id: `PROVEN E1`. Throws unless a proof of it can be logged. */
export function judgePack(name: string, params: Params, seen: Observed): Readonly<Record<string, string>> {
  const claims = packOf(name, new Map(Object.entries(params)));
  parsePayload('proof', encodeProof(proofOf(claims, seen).proof));
  return Object.fromEntries(
    claims.map((claim) => {
      const { verdict, evidence } = judgeClaim(claim, seen);
      return [claim.id, `${verdict} ${evidence}`];
    }),
  );
}

/** A proof of these claims, from what one run saw. */
export function proofOf(claims: readonly Claim[], seen: Observed): Assembled {
  const frame = {
    commitment: digest(hashOf('commitment')),
    agent: { name: 'agent', version: '1' },
    seq: 0,
    challenge: { origin: 'log.example', size: 3, root: digest(hashOf('root')), nonce: new Uint8Array(16) },
    window: { start: NOW / 1000, end: NOW / 1000 + 1 },
    cost: { cpuUs: 1, wallUs: 2, bytes: 3 },
    nextDue: NOW / 1000 + 3600,
  };
  return assembleProof(frame, [{ claims, seen }], { leaves: 10_000, excluded: 0 }, hashOf('salt'));
}

/** nginx with the configuration of the two prototypes, which differ in `serve` alone. */
export async function limitedNginx(dir: string, pair: Pair, serve: string): Promise<Target | undefined> {
  const path = program('nginx');
  if (path === undefined) return undefined;
  mkdirSync(join(dir, 'html'), { recursive: true });
  writeFileSync(join(dir, 'html/index.html'), 'ok');
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${dir}/${each};`,
  );
  const location = `limit_req zone=api burst=5 nodelay; limit_req_status 429; ${serve}`;
  const lines = [
    `daemon off; master_process off; pid ${dir}/nginx.pid; error_log stderr;`,
    'events {}',
    `http { access_log off; ${temp.join(' ')}`,
    'limit_req_zone $binary_remote_addr zone=api:1m rate=10r/s;',
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${pair.certFile}; ssl_certificate_key ${pair.keyFile};`,
    `ssl_protocols TLSv1.3; location / { ${location} } } }`,
  ];
  writeFileSync(join(dir, 'limit.conf'), lines.join('\n'));
  const child = spawn(path, ['-p', dir, '-e', 'stderr', '-c', join(dir, 'limit.conf')], { stdio: 'ignore' });
  await answers(port, child);
  return { port, stop: () => ended(child, 'SIGTERM') };
}

export interface Database extends Target {
  /** Name of the superuser; trusted over TLS from loopback. */
  readonly admin: string;
  /** The files of its configuration. */
  readonly conf: string;
  readonly hba: string;
  /** Runs statements as the superuser, one by one; rows of the last. */
  sql(...statements: string[]): Promise<readonly unknown[][]>;
  /** Takes the files in, and waits until it has. */
  reload(): Promise<void>;
}

/** PostgreSQL whose configuration is in files of its own; undefined where it is not installed. */
export async function database(dir: string, pair: Pair): Promise<Database | undefined> {
  const conf = join(dir, 'postgresql.conf');
  const hba = join(dir, 'pg_hba.conf');
  const admin = process.getuid?.() === 0 ? 'postgres' : userInfo().username;
  writeFileSync(conf, '# ours\nssl_min_protocol_version = TLSv1.3\nwork_mem = 8MB\nlog_connections = yes\n');
  writeFileSync(hba, `hostssl all ${admin} 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n`);
  const target = await postgres(dir, pair, `config_file=${conf}`, `hba_file=${hba}`);
  if (target === undefined) return undefined;
  const sql = async (...statements: string[]): Promise<readonly unknown[][]> => {
    const client = new Client({
      host: '127.0.0.1',
      port: target.port,
      user: admin,
      database: 'postgres',
      ssl: { rejectUnauthorized: false },
    });
    await client.connect();
    try {
      let rows: unknown[][] = [];
      for (const text of statements)
        ({ rows } = await client.query<unknown[]>({ text, values: [], rowMode: 'array' }));
      return rows;
    } finally {
      await client.end();
    }
  };
  const reload = async (): Promise<void> => {
    const loaded = 'SELECT pg_conf_load_time()::text, pg_sleep(0.01)::text';
    const [[before] = []] = await sql(loaded);
    await sql('SELECT pg_reload_conf()');
    for (let tries = 0; tries < 500; tries++) {
      const [[after] = []] = await sql(loaded);
      if (after !== before) return;
    }
    throw new Error('the server did not reload');
  };
  return { ...target, admin, conf, hba, sql, reload };
}

async function freePort(): Promise<number> {
  const target = await tcp(() => undefined);
  await target.stop();
  return target.port;
}

/** Waits until something listens there, at most 20 seconds. */
async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server did not begin to listen');
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on('exit', () => resolve());
    child.kill(signal);
  });
}
