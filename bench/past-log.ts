/**
 * The past of a large log, read from a directory by itself: rows of every entry once, then the history of each subject. The
 * entries have a made-up signature, and verifying signatures is left out: what that costs, the other rows of `npm run bench` say.
 *
 *     node bench/past-log.ts [entries] [subjects] [subjects whose history is read] [directory]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { knownHistory } from '../src/appraisal/past/known.ts';
import { digest, treeSize, type Digest } from '../src/bytes/brand.ts';
import { concatBytes } from '../src/bytes/compare.ts';
import { openClient } from '../src/client/client.ts';
import { folderFetch } from '../src/client/node/folder-fetch.ts';
import { readPast } from '../src/client/past/read.ts';
import { trustPolicy } from '../src/client/trust.ts';
import { encodeUtf8 } from '../src/bytes/text.ts';
import type { Signer } from '../src/sign/signer.ts';
import { encodeCommitment, encodeNotice, encodeProof } from '../src/statement/payload.ts';
import { SALTED_TREE } from '../src/statement/saltedleaf.ts';
import { signOwn } from '../src/statement/sign.ts';
import { encodeBundle } from '../src/tree/bundle.ts';
import { emptyEdge, grow } from '../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../src/tree/hash.ts';
import { bundlePath, tilePath } from '../src/tree/tile.ts';
import { chooseHasher } from '../src/workers/kernels.ts';
import { cosigned, POLICY } from '../test/support/past-world.ts';
import { hashOf } from '../test/support/see-world.ts';
import { logSigner, ORIGIN, people, policyStatement } from '../test/support/world.ts';
import { machine, printRows, type Row } from './machine.ts';

const START = 1_700_000_000;
const HOUR = 3_600;
/** The key of a person, and a signature that nobody made. */
function unsigned({ publicKey }: Signer): Signer {
  return { publicKey, sign: async () => new Uint8Array(64) };
}

const agent = unsigned(people.agent);
const author = unsigned(people.author);

function commitment(subject: string): Promise<Uint8Array> {
  const payload = encodeCommitment({
    environment: 'bench',
    tier: 'background',
    source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
    canon: { profile: 'files@1' },
    tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(subject) },
    scope: { world: 'open' },
    claims: [
      {
        id: 'tls-min',
        expr: 'true',
        probe: 'tls@1',
        minEvidence: 'E1',
        cadence: HOUR,
        grace: 1,
        severity: 'low',
      },
    ],
  });
  return signOwn(
    { kind: 'commitment', log: ORIGIN, issuer: 'https://issuer.example', subject },
    payload,
    author,
  );
}

interface Chain {
  readonly subject: string;
  readonly commitment: Uint8Array;
  readonly last: Uint8Array | undefined;
  readonly seq: number;
}

/** Names of one length, so that one entry becomes another by the bytes of its subject. */
const nameOf = (i: number): string => `bench/${String(i).padStart(6, '0')}`;

/** An entry in which bytes stand for others: made once, then copied. */
class Template {
  readonly #entry: Uint8Array;
  readonly #places: readonly number[];

  constructor(entry: Uint8Array, marks: readonly Uint8Array[]) {
    this.#entry = entry;
    this.#places = marks.map((mark) => Buffer.from(entry).indexOf(mark));
    if (this.#places.includes(-1)) throw new Error('a mark is not in the entry');
  }

  with(values: readonly Uint8Array[]): Uint8Array {
    const entry = this.#entry.slice();
    for (const [i, value] of values.entries()) entry.set(value, this.#places[i] ?? 0);
    return entry;
  }
}

const MARK: Chain = {
  subject: nameOf(0),
  commitment: hashOf('a commitment'),
  last: hashOf('a proof'),
  seq: 0,
};

function proof(chain: Chain, root: Digest, time: number): Promise<Uint8Array> {
  const payload = encodeProof({
    commitment: digest(chain.commitment),
    agent: { name: 'agent', version: '0' },
    seq: chain.seq,
    ...(chain.last !== undefined && { prev: digest(chain.last) }),
    challenge: { origin: ORIGIN, size: treeSize(1), root, nonce: hashOf('nonce').subarray(0, 16) },
    window: { start: time, end: time },
    population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
    coverage: { declared: 1, compared: 1, excluded: 0 },
    observations: { alg: SALTED_TREE, count: 0, root: hashOf('') },
    results: [{ claim: 'tls-min', verdict: 'PROVEN', evidence: 'E1' }],
    cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
    nextDue: time + HOUR,
  });
  const { subject } = chain;
  return signOwn({ kind: 'proof', log: ORIGIN, issuer: 'https://issuer.example', subject }, payload, agent);
}

/** A log that is being written to a directory, a bundle at a time. */
class Writer {
  readonly #folder: string;
  #edge = emptyEdge();
  #bundle: Uint8Array[] = [];
  size = 0;
  /** Entries under `root`. */
  flushed = 0;
  root: Uint8Array = new Uint8Array(32);

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The entry's id. */
  add(entry: Uint8Array): Uint8Array {
    this.#bundle.push(entry);
    this.size += 1;
    if (this.#bundle.length === 256) this.flush();
    return new Uint8Array(createHash('sha256').update(entry).digest());
  }

  flush(): void {
    const entries = this.#bundle;
    if (entries.length === 0) return;
    this.#bundle = [];
    this.put(bundlePath(Math.floor((this.size - 1) / 256), entries.length), encodeBundle(entries));
    const leaves = concatBytes(...entries.map((entry) => hashLeaf(entry)));
    const growth = grow(this.#edge, leaves, nobleHasher);
    this.#edge = growth.edge;
    this.root = growth.root;
    this.flushed = this.size;
    for (const { level, index, width, hashes } of growth.tiles)
      this.put(tilePath(level, index, width), hashes);
  }

  put(path: string, bytes: Uint8Array): void {
    const file = join(this.#folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

/** Writes a log of hourly proofs of each subject, in turn. */
async function write(folder: string, entries: number, subjects: number): Promise<void> {
  const log = new Writer(folder);
  const policy = await policyStatement();
  log.add(policy);
  const root = hashLeaf(policy);
  const chains: { readonly name: Uint8Array; readonly commitment: Uint8Array; last: Uint8Array }[] = [];
  const mark = encodeUtf8(MARK.subject);
  const declared = new Template(await commitment(MARK.subject), [mark]);
  for (let i = 0; i < subjects; i++) {
    const name = encodeUtf8(nameOf(i));
    const id = log.add(declared.with([name]));
    chains.push({ name, commitment: id, last: id });
  }
  for (let seq = 0; log.size < entries; seq++) {
    const time = START + seq * HOUR;
    if (log.flushed > 0) log.add(await witnessed(log, time));
    const chain = seq === 0 ? { ...MARK, last: undefined } : { ...MARK, seq };
    const marks = [mark, MARK.commitment, ...(seq === 0 ? [] : [MARK.last ?? mark])];
    const template = new Template(await proof(chain, root, time), marks);
    for (const each of chains) {
      if (log.size === entries) break;
      each.last = log.add(template.with([each.name, each.commitment, ...(seq === 0 ? [] : [each.last])]));
    }
  }
  log.flush();
  log.put('checkpoint', await noteOf(log, timeOf(entries, subjects)));
}

/** The signed head of what was flushed, cosigned. */
async function noteOf({ flushed, root }: Writer, time: number): Promise<Uint8Array> {
  const note = await logSigner.checkpoint({ size: treeSize(flushed), root: digest(root), time });
  return cosigned(note, [time, time]);
}

/** A notice that keeps the head of what was flushed. */
async function witnessed(log: Writer, time: number): Promise<Uint8Array> {
  const payload = encodeNotice({ topic: 'witnessed', note: await noteOf(log, time) });
  const headers = { kind: 'notice', log: ORIGIN, issuer: 'https://issuer.example', subject: ORIGIN } as const;
  return signOwn(headers, payload, unsigned(people.monitor));
}

function timeOf(n: number, subjects: number): number {
  return START + Math.floor(n / subjects) * HOUR;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`;
const most = { rss: 0 };
const watch = setInterval(() => (most.rss = Math.max(most.rss, process.memoryUsage.rss())), 100);

/** The whole table. */
async function pastRows(
  folder: string,
  entries: number,
  subjects: number,
  read: number,
): Promise<readonly Row[]> {
  const url = pathToFileURL(folder).href;
  const now = timeOf(entries, subjects) + 60;
  const client = openClient({
    log: url,
    trust: trustPolicy(encodeUtf8(POLICY)),
    fetch: folderFetch(url),
    now: () => now * 1000,
    hasher: chooseHasher(),
    // Nobody made the signatures of the entries; those of the checkpoint are real, and are not looked at either.
    verify: () => true,
  });
  const empty = process.memoryUsage.rss();
  let start = performance.now();
  const snapshot = await client.snapshot();
  const rows = (performance.now() - start) / 1000;
  const walked = most.rss;
  start = performance.now();
  const period = { since: START, until: now };
  let looks = 0;
  for (let i = 0; i < read; i++) {
    const record = await readPast(snapshot, nameOf(Math.floor((i * subjects) / read)), period);
    for (const claim of knownHistory(record, period).claims) looks += claim.looks.length;
  }
  const past = (performance.now() - start) / 1000;
  return [
    {
      what: 'rows of every entry',
      value: `${rows.toFixed(1)} s`,
      against: `${Math.round(entries / rows).toLocaleString('en')} entries/s; at most ${mebibytes(walked)} (${mebibytes(empty)} before)`,
    },
    {
      what: `history of ${read.toLocaleString('en')} subjects`,
      value: `${past.toFixed(1)} s`,
      against: `${(read / past).toFixed(0)} subjects/s, ${looks.toLocaleString('en')} looks; at most ${mebibytes(most.rss)}`,
    },
  ];
}

if (import.meta.main) {
  const [entries = 100_000, subjects = 1_000, read = subjects] = process.argv.slice(2, 5).map(Number);
  const folder = process.argv[5] ?? mkdtempSync(join(tmpdir(), 'tallystick-past-'));
  try {
    console.log(machine());
    if (!existsSync(join(folder, 'checkpoint'))) await write(folder, entries, subjects);
    printRows(
      `The past of ${entries.toLocaleString('en')} entries about ${subjects.toLocaleString('en')} subjects`,
      await pastRows(folder, entries, subjects, read),
    );
  } finally {
    clearInterval(watch);
    if (process.argv[5] === undefined) rmSync(folder, { recursive: true });
  }
}
