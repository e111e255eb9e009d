/** A log in memory whose times the test tells, and people who speak in it. */
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, type Digest } from '#src/bytes/brand.ts';
import { encodeUtf8, parseHex } from '#src/bytes/text.ts';
import { openClient, type LogClient } from '#src/client/client.ts';
import { trustKeys } from '#src/client/trust.ts';
import type { Change } from '#src/monitor/watch/changes.ts';
import { openWatch, type OpenedWatch, type WatchOptions } from '#src/monitor/watch/open.ts';
import { parseVkey } from '#src/note/key.ts';
import { issuerOf } from '#src/registration/issuer.ts';
import type { Signer } from '#src/sign/signer.ts';
import { parseStatement } from '#src/statement/parse.ts';
import type { Claim, Declaration } from '#src/statement/commitment.ts';
import { type StatementKind } from '#src/statement/kinds.ts';
import { isSaidAgain } from '#src/statement/claims.ts';
import {
  encodeApproval,
  encodeCommitment,
  encodeDeployment,
  encodeProof,
  encodeWaiver,
} from '#src/statement/payload.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import type { Waiver } from '#src/statement/waiver.ts';
import { BASE, ServedLog } from './served-log.ts';
import { entryIdOf, ORIGIN, people, vkeys, ownStatement } from './world.ts';

export const START = 1_800_000_000;
export const HOUR = 3_600;
export const SUBJECT = 'db/payments';
export const MONITOR = 'http://monitor.example';
/** Where the files of the log are served, and nothing else. */
export const MIRROR = 'http://copy.example';
export const HOOK = 'http://hook.example/alerts';

export const claim: Claim = {
  id: 'tls-min',
  expr: "o.tls.accepted['TLSv1.2'] == false",
  probe: 'tls@1',
  minEvidence: 'E1',
  cadence: HOUR,
  deadline: 300,
  grace: 1,
  severity: 'critical',
};

export const hashOf = (text: string): Digest => digest(sha256(encodeUtf8(text)));
export const idOf = (entry: Uint8Array): Digest => digest(sha256(entry));

export interface Watching extends OpenedWatch {
  readonly changes: readonly Change[];
  readonly remarks: readonly string[];
}

export class SeeWorld {
  readonly dir: string;
  readonly log: ServedLog;
  /** Seconds. */
  now = START;
  /** When each entry was logged. */
  readonly times: number[] = [START];
  /** Indices that the log's search, and a monitor's, leave out. */
  readonly hidden = new Set<number>();
  readonly unseen = new Set<number>();
  /** What was posted to the hook, and what it answers. */
  readonly posted: { readonly id: string; readonly body: Record<string, Record<string, string> | string> }[] =
    [];
  hookStatus = 204;
  away = false;
  /** What the host of files alone answers for what it has not. */
  noSearch = (): Response => new Response(null, { status: 404 });
  /** Run while a command sleeps. */
  asleep: () => void | Promise<void> = () => undefined;

  constructor(dir: string, log: ServedLog) {
    this.dir = dir;
    this.log = log;
    log.clock = () => Math.floor(this.now);
    log.meddle = (path) => (path.startsWith('/v1/search') ? this.#search(path, this.hidden) : undefined);
  }

  /** The world, or one that extends it. */
  static async start<World extends SeeWorld>(
    this: new (dir: string, log: ServedLog) => World,
    t: Test,
  ): Promise<World> {
    const dir = mkdtempSync(join(tmpdir(), 'tallystick-see-'));
    t.teardown(() => rmSync(dir, { recursive: true }));
    mkdirSync(join(dir, 'keys'));
    writeFileSync(join(dir, 'log.vkey'), vkeys.join('\n'));
    for (const role of ['author', 'approver', 'admin', 'monitor'])
      writeFileSync(join(dir, 'keys', `${role}.pem`), pemOf(`tallystick test ${role}`), { mode: 0o600 });
    return new this(dir, await ServedLog.start());
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.href === HOOK) {
      const id = new Headers(init?.headers).get('webhook-id') ?? '';
      this.posted.push({ id, body: JSON.parse(typeof init?.body === 'string' ? init.body : '{}') });
      return new Response(null, { status: this.hookStatus });
    }
    if (this.away) throw new TypeError('fetch failed');
    if (url.origin === MIRROR && !/^\/(?:checkpoint$|tile\/)/.test(url.pathname)) return this.noSearch();
    if (url.origin !== MONITOR) return this.log.fetch(input, init);
    if (url.pathname.endsWith('/v1/checkpoint')) return Response.json({ size: this.log.entries.length });
    return this.#search(url.pathname + url.search, this.unseen);
  };

  /** A client of the log, which remembers heads in memory. */
  client(): LogClient {
    const trust = trustKeys(vkeys.map(parseVkey));
    return openClient({ log: BASE, trust, fetch: this.fetch, now: () => this.now * 1000 });
  }

  /** A watch of the log through that client, and what it told. It remembers in `folder`; `tallystick watch` in `tallystick/watch`. */
  async watch(change: Partial<WatchOptions> = {}, folder = 'watch'): Promise<Watching> {
    const changes: Change[] = [];
    const remarks: string[] = [];
    const opened = await openWatch({
      client: this.client(),
      dir: join(this.dir, folder),
      subjects: [],
      pollSeconds: 10,
      fetch: this.fetch,
      now: () => this.now * 1000,
      sleep: async (ms) => {
        this.now += ms / 1000;
        await this.asleep();
      },
      onChange: (each) => void changes.push(each),
      onRemark: ({ text }) => void remarks.push(text),
      ...change,
    });
    return { ...opened, changes, remarks };
  }

  /** Logs a statement now. */
  log1(statement: Uint8Array): Digest {
    this.log.entries.push(statement);
    this.times.push(this.now);
    return idOf(statement);
  }

  async say(
    kind: Exclude<StatementKind, 'other'>,
    payload: Uint8Array,
    signer: Signer,
    subject = SUBJECT,
    as: { readonly issuer?: string } = {},
  ): Promise<Digest> {
    const issued = isSaidAgain(kind) ? { issued: this.now } : {};
    return this.log1(await ownStatement(kind, subject, payload, signer, { ...issued, ...as, confirm: true }));
  }

  commit(change: Partial<Declaration> = {}, subject = SUBJECT): Promise<Digest> {
    const payload = encodeCommitment({
      environment: 'prod',
      tier: 'critical-path',
      source: { kind: 'json', git: { commit: '3b18e512dba79e4c8300dd08aeb37f8e728b8dad', dirty: false } },
      canon: { profile: 'json@1' },
      tree: { alg: SALTED_TREE, leaves: 1, root: hashOf('declared') },
      scope: { world: 'open' },
      claims: [claim],
      ...this.#following(subject),
      ...change,
    });
    return this.say('commitment', payload, people.author, subject);
  }

  /** The newest commitment statement of a subject, which the next one names. */
  #following(subject: string): { readonly supersedes?: Digest } {
    const newest = this.log.entries.findLast((entry) => {
      const parsed = parseStatement(entry);
      return parsed.kind === 'commitment' && parsed.subject === subject;
    });
    return newest === undefined ? {} : { supersedes: digest(parseHex(entryIdOf(newest))) };
  }

  approve(commitment: Digest, signer: Signer = people.approver): Promise<Digest> {
    return this.say('approval', encodeApproval({ commitment }), signer);
  }

  waive(commitment: Digest, change: Partial<Waiver> = {}, subject = SUBJECT): Promise<Digest> {
    const notAfter = this.now + HOUR;
    const waiver = { commitment, claims: ['tls-min'], owner: 'Alice', reason: 'old terminal', notAfter };
    return this.say('waiver', encodeWaiver({ ...waiver, ...change }), people.approver, subject);
  }

  deploy(commitment: Digest): Promise<Digest> {
    return this.say('deployment', encodeDeployment({ commitment, deployed: this.now }), people.author);
  }

  /** What a proof says besides its observations, in its place in the chain. */
  frame(commitment: Digest, signer: Signer = people.agent) {
    const kid = parseKid(this.log.entries, signer);
    const chain = kid.filter(({ subject }) => subject === SUBJECT);
    const prev = chain.at(-1)?.id;
    const { size, root } = this.log.head();
    return {
      commitment,
      agent: { name: 'agent 1', version: '0.1.0', vantage: 'eu-1' },
      seq: chain.length,
      ...(prev !== undefined && { prev }),
      challenge: { origin: ORIGIN, size, root, nonce: hashOf(`nonce ${size}`).subarray(0, 16) },
      window: { start: this.now, end: this.now },
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: this.now + HOUR,
    };
  }

  /** A proof of `tls-min`. */
  prove(
    commitment: Digest,
    result: Partial<RuntimeProof['results'][number]> = {},
    change: Partial<RuntimeProof> = {},
    signer: Signer = people.agent,
  ): Promise<Digest> {
    const proof: RuntimeProof = {
      ...this.frame(commitment, signer),
      population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
      observations: { alg: SALTED_TREE, count: 0, root: hashOf('') },
      coverage: { declared: 1, compared: 1, excluded: 0 },
      results: [{ claim: 'tls-min', verdict: 'PROVEN', evidence: 'E1', ...result }],
      ...change,
    };
    // A delegated key signs as itself.
    const as = change.delegation === undefined ? {} : { issuer: issuerOf(undefined, signer.publicKey) };
    return this.say('proof', encodeProof(proof), signer, SUBJECT, as);
  }

  #search(path: string, hidden: ReadonlySet<number>): Response {
    const query = new URL(path, BASE).searchParams;
    const before = Number(query.get('before') ?? Infinity);
    const rows = this.log.entries
      .map((entry, index) => ({ ...parseStatement(entry), index, entry }))
      .filter(({ index }) => index < before && !hidden.has(index))
      .filter(({ subject }) => (query.get('subject') ?? subject) === subject)
      .filter(({ kind }) => (query.get('kind') ?? kind) === kind)
      .filter(({ kid }) => (query.get('kid') ?? kid) === kid)
      .toReversed()
      .map(({ index, entry, subject }) => ({
        index,
        id: entryIdOf(entry),
        subject,
        time: Math.floor(this.times[index] ?? this.now),
      }));
    const limit = Number(query.get('limit') ?? 100);
    const page = rows.slice(0, limit);
    return Response.json({ entries: page, next: rows.length > limit ? page.at(-1)?.index : null });
  }
}

/** Proofs of one key. */
function parseKid(entries: readonly Uint8Array[], signer: Signer) {
  const own = signer.publicKey.bytes.toHex();
  return entries.flatMap((entry) => {
    const { kind, subject, statement } = parseStatement(entry);
    const key = statement.confirmation?.bytes.toHex();
    return kind === 'proof' && key === own ? [{ subject, id: idOf(entry) }] : [];
  });
}

function pemOf(name: string): string {
  const key = Buffer.from(sha256(encodeUtf8(name)));
  return createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'ed25519' }).export({
    format: 'pem',
    type: 'pkcs8',
  });
}
