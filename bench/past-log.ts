/**
 * The past of a large log, read from a directory by itself: rows of every entry once, then an audit of many subjects, with every
 * signature checked and the JSON of every history. A directory that is named is kept, and read again if it has a log.
 *
 *     node bench/past-log.ts [entries] [subjects] [subjects whose history is read] [directory]
 */
import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { historyJson } from '../src/appraisal/past/json.ts';
import { auditJson } from '../src/audit/json.ts';
import { KeptTexts } from '../src/audit/node/kept-texts.ts';
import { runAudit } from '../src/audit/run.ts';
import { digest, treeSize } from '../src/bytes/brand.ts';
import { concatBytes } from '../src/bytes/compare.ts';
import { openClient } from '../src/client/client.ts';
import { folderFetch } from '../src/client/node/folder-fetch.ts';
import { trustPolicy } from '../src/client/trust.ts';
import { encodeUtf8 } from '../src/bytes/text.ts';
import { SIGNATURE_LENGTH } from '../src/sign/algorithm.ts';
import type { Signer } from '../src/sign/signer.ts';
import { encodeCommitment, encodeNotice, encodeProof } from '../src/statement/payload.ts';
import { SALTED_TREE } from '../src/statement/saltedleaf.ts';
import { signOwn } from '../src/statement/sign.ts';
import { encodeBundle } from '../src/tree/bundle.ts';
import { emptyEdge, grow } from '../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../src/tree/hash.ts';
import { bundlePath, tilePath } from '../src/tree/tile.ts';
import { chooseHasher, chooseVerifier } from '../src/workers/kernels.ts';
import { cosigned, POLICY } from '../test/support/past-world.ts';
import { hashOf } from '../test/support/see-world.ts';
import { logSigner, ORIGIN, people, policyStatement } from '../test/support/world.ts';
import { machine, printRows, type Row } from './machine.ts';

const START = 1_700_000_000;
const HOUR = 3_600;
/** PKCS #8 of an Ed25519 key, without the seed at its end (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of a person of the tests, on OpenSSL. `signed`: what it signed last. */
class FastSigner implements Signer {
  readonly publicKey: Signer['publicKey'];
  readonly #key: KeyObject;
  signed: Uint8Array = new Uint8Array();

  constructor(name: 'agent' | 'author' | 'monitor') {
    this.publicKey = people[name].publicKey;
    const seed = createHash('sha256').update(`tallystick test ${name}`).digest();
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  }

  now(message: Uint8Array): Uint8Array {
    this.signed = message;
    return new Uint8Array(sign(null, message, this.#key));
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return this.now(message);
  }
}

const agent = new FastSigner('agent');
const author = new FastSigner('author');
const monitor = new FastSigner('monitor');

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

/** An entry in which bytes stand for others: made once, then copied, and signed again. */
class Template {
  readonly #entry: Uint8Array;
  readonly #signer: FastSigner;
  readonly #signed: Uint8Array;
  readonly #places: readonly (readonly [inEntry: number, inSigned: number])[];

  /** Of the entry that the signer signed last. */
  constructor(entry: Uint8Array, signer: FastSigner, marks: readonly Uint8Array[]) {
    this.#entry = entry;
    this.#signer = signer;
    this.#signed = signer.signed;
    this.#places = marks.map((mark) => [
      Buffer.from(entry).indexOf(mark),
      Buffer.from(this.#signed).indexOf(mark),
    ]);
    if (this.#places.flat().includes(-1)) throw new Error('a mark is not in the entry');
  }

  with(values: readonly Uint8Array[]): Uint8Array {
    const [entry, signed] = [this.#entry.slice(), this.#signed.slice()];
    for (const [i, value] of values.entries()) {
      const [inEntry = 0, inSigned = 0] = this.#places[i] ?? [];
      entry.set(value, inEntry);
      signed.set(value, inSigned);
    }
    entry.set(this.#signer.now(signed), entry.length - SIGNATURE_LENGTH.ed25519);
    return entry;
  }
}

/** The numbers below `count` in an order that looks like none, and is the same in every run. */
function shuffled(count: number, seed: number): readonly number[] {
  const key = (i: number): number => Math.imul((i + 1) * 0x9e37_79b1 + seed * 0x85eb_ca6b, 0xc2b2_ae35) >>> 0;
  return [...Array(count).keys()].toSorted((a, b) => key(a) - key(b));
}

const MARK: Chain = {
  subject: nameOf(0),
  commitment: hashOf('a commitment'),
  last: hashOf('a proof'),
  seq: 0,
};

function proof(chain: Chain, { flushed, root }: Writer, time: number): Promise<Uint8Array> {
  const payload = encodeProof({
    commitment: digest(chain.commitment),
    agent: { name: 'agent', version: '0' },
    seq: chain.seq,
    ...(chain.last !== undefined && { prev: digest(chain.last) }),
    challenge: {
      origin: ORIGIN,
      size: treeSize(flushed),
      root: digest(root),
      nonce: hashOf('nonce').subarray(0, 16),
    },
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

/** Writes a log of hourly proofs of each subject; within an hour they come in another order each time. */
async function write(folder: string, entries: number, subjects: number): Promise<void> {
  const log = new Writer(folder);
  log.add(await policyStatement());
  const chains: { readonly name: Uint8Array; readonly commitment: Uint8Array; last: Uint8Array }[] = [];
  const mark = encodeUtf8(MARK.subject);
  const declared = new Template(await commitment(MARK.subject), author, [mark]);
  for (let i = 0; i < subjects; i++) {
    const name = encodeUtf8(nameOf(i));
    const id = log.add(declared.with([name]));
    chains.push({ name, commitment: id, last: id });
  }
  if (log.flushed === 0)
    throw new RangeError('a log of fewer than 255 subjects has no head yet for a challenge');
  for (let seq = 0; log.size < entries; seq++) {
    const time = START + seq * HOUR;
    log.add(await witnessed(log, time));
    let template: Template | undefined;
    let flushed = 0;
    for (const i of shuffled(subjects, seq)) {
      const each = chains[i];
      if (log.size === entries || each === undefined) break;
      // The agents ask for a new challenge whenever the log has grown by a bundle.
      if (template === undefined || log.flushed !== flushed) {
        flushed = log.flushed;
        const chain = seq === 0 ? { ...MARK, last: undefined } : { ...MARK, seq };
        const marks = [mark, MARK.commitment, ...(seq === 0 ? [] : [MARK.last ?? mark])];
        template = new Template(await proof(chain, log, time), agent, marks);
      }
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
  return signOwn(headers, payload, monitor);
}

function timeOf(n: number, subjects: number): number {
  return START + Math.floor(n / subjects) * HOUR;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`;
const most = { rss: 0 };
const watch = setInterval(() => (most.rss = Math.max(most.rss, process.memoryUsage.rss())), 100);

/** The client of a reader with the fast kernels, as `tallystick audit` opens it. */
function readerOf(folder: string, now: number) {
  const log = pathToFileURL(folder).href;
  return openClient({
    log,
    trust: trustPolicy(encodeUtf8(POLICY)),
    fetch: folderFetch(log),
    now: () => now * 1000,
    hasher: chooseHasher(),
    verify: chooseVerifier(),
  });
}

/** The whole table. */
async function pastRows(
  folder: string,
  entries: number,
  subjects: number,
  read: number,
): Promise<readonly Row[]> {
  const now = timeOf(entries, subjects) + 60;
  const client = readerOf(folder, now);
  const empty = process.memoryUsage.rss();
  let start = performance.now();
  const snapshot = await client.snapshot();
  const rows = (performance.now() - start) / 1000;
  const walked = most.rss;
  start = performance.now();
  const period = { since: START, until: now };
  const names = Array.from({ length: read }, (_, i) => nameOf(Math.floor((i * subjects) / read)));
  const wanted = { period, subjects: names, controls: [], frameworks: [], inventory: undefined };
  const texts = new KeptTexts();
  let looks = 0;
  const audit = await runAudit(snapshot, wanted, {
    onHistory: (history) => {
      texts.add(JSON.stringify(historyJson(history, snapshot.policies)));
      for (const claim of history.claims) looks += claim.looks.length;
    },
  });
  const past = (performance.now() - start) / 1000;
  const hash = createHash('sha256').update(JSON.stringify(auditJson(audit, [])));
  for (const text of texts) hash.update(text);
  return [
    {
      what: 'rows of every entry',
      value: `${rows.toFixed(1)} s`,
      against: `${Math.round(entries / rows).toLocaleString('en')} entries/s; at most ${mebibytes(walked)} (${mebibytes(empty)} before)`,
    },
    {
      what: `audit of ${read.toLocaleString('en')} subjects`,
      value: `${past.toFixed(1)} s`,
      against: `${(read / past).toFixed(0)} subjects/s, ${looks.toLocaleString('en')} looks; at most ${mebibytes(most.rss)}; ${mebibytes(texts.bytes)} of JSON kept`,
    },
    { what: 'SHA-256 of the report', value: hash.digest('hex').slice(0, 16), against: '' },
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
