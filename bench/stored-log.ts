/**
 * Entries of any time in the store of a log that does not run: a benchmark needs years of them, and has no years. Each is signed
 * by the key of its role, and stands in the tree; only nobody was there to admit it.
 */
import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digest, entryId, leafIndex, treeSize, type Digest } from '../src/bytes/brand.ts';
import { concatBytes } from '../src/bytes/compare.ts';
import { formatHex } from '../src/bytes/text.ts';
import { keyThumbprint } from '../src/cose/key.ts';
import { nodeSigner } from '../src/keys/native.ts';
import type { NewEntry } from '../src/log/ports.ts';
import { Copy } from '../src/monitor/copy.ts';
import type { Signer } from '../src/sign/signer.ts';
import { parseStatement } from '../src/statement/parse.ts';
import { encodeCommitment, encodeProof } from '../src/statement/payload.ts';
import { SALTED_TREE } from '../src/statement/saltedleaf.ts';
import { signOwn } from '../src/statement/sign.ts';
import type { Verdict } from '../src/statement/vocabulary.ts';
import { emptyEdge, grow, type Edge } from '../src/tree/grow.ts';
import { hashLeaf, nodeHashOf } from '../src/tree/hash.ts';
import { chooseHasher } from '../src/workers/kernels.ts';

const ISSUER = 'https://bench.example';
/** Entries of one commit. */
const STEP = 2_048;

const sha = (bytes: Uint8Array | string): Digest =>
  digest(new Uint8Array(createHash('sha256').update(bytes).digest()));

/** Roots of a tree that grows leaf by leaf. */
class Roots {
  readonly #hash = nodeHashOf(chooseHasher());
  /** Complete subtrees from the left, and their heights. */
  readonly #peaks: { readonly height: number; readonly node: Digest }[] = [];

  push(leaf: Digest): void {
    let top = { height: 0, node: leaf };
    for (let last = this.#peaks.at(-1); last?.height === top.height; last = this.#peaks.at(-1)) {
      this.#peaks.pop();
      top = { height: top.height + 1, node: this.#hash(last.node, top.node) };
    }
    this.#peaks.push(top);
  }

  root(): Digest {
    const [last, ...others] = this.#peaks.toReversed();
    if (last === undefined) throw new RangeError('a tree without leaves');
    return others.reduce((root, { node }) => this.#hash(node, root), last.node);
  }
}

/** What is declared of a subject. */
export interface Declared {
  readonly subject: string;
  readonly claims: readonly string[];
  /** Seconds. */
  readonly cadence: number;
  readonly owner?: string;
}

/** A subject that was declared, and the newest proof of it. */
export interface Chain extends Declared {
  readonly commitment: Digest;
  last: Digest | undefined;
  seq: number;
}

export class StoredLog {
  readonly origin: string;
  readonly #copy: Copy;
  readonly #people: Readonly<Record<'author' | 'agent', Signer>>;
  readonly #roots = new Roots();
  #edge: Edge = emptyEdge();
  #waiting: NewEntry[] = [];

  private constructor(origin: string, copy: Copy, people: Readonly<Record<'author' | 'agent', Signer>>) {
    this.origin = origin;
    this.#copy = copy;
    this.#people = people;
  }

  /** `data`: the data directory of a log that has entry 0 and no other, and does not run. */
  static async open(data: string): Promise<StoredLog> {
    const genesis = new Uint8Array(readFileSync(join(data, 'genesis.cose')));
    const { subject: origin } = parseStatement(genesis);
    const copy = await Copy.open({ path: join(data, 'log.db'), origin, hasher: chooseHasher() });
    if (copy.size !== 1) throw new Error(`the log has ${copy.size} entries`);
    const signer = (name: string): Signer =>
      nodeSigner(createPrivateKey(readFileSync(join(data, 'keys', `${name}.pem`))));
    const log = new StoredLog(origin, copy, { author: signer('author'), agent: signer('agent') });
    const leaf = hashLeaf(genesis);
    log.#edge = grow(log.#edge, leaf, chooseHasher()).edge;
    log.#roots.push(leaf);
    return log;
  }

  get size(): number {
    return this.#copy.size + this.#waiting.length;
  }

  /** Declares a subject. `time`: of its entry, POSIX seconds. */
  async declare(declared: Declared, time: number): Promise<Chain> {
    const { subject, claims, cadence, owner } = declared;
    const payload = encodeCommitment({
      environment: 'prod',
      tier: 'background',
      source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
      canon: { profile: 'files@1' },
      tree: { alg: SALTED_TREE, leaves: 1, root: sha(subject) },
      scope: { world: 'open' },
      claims: claims.map((id) => ({
        id,
        expr: 'true',
        probe: 'tls@1',
        minEvidence: 'E1' as const,
        cadence,
        severity: 'high' as const,
      })),
      ...(owner !== undefined && { target: { owner } }),
    });
    const commitment = await this.#add('commitment', subject, payload, 'author', time);
    return { ...declared, commitment, last: undefined, seq: 0 };
  }

  /** Logs a look at all claims of a subject, made a second before, under the newest head. `verdict`: of the first claim. */
  async look(chain: Chain, verdict: Verdict, time: number): Promise<void> {
    const failed = verdict === 'PROVEN' ? {} : { explain: 'TLS 1.0 was accepted' };
    const made = time - 1;
    const payload = encodeProof({
      commitment: chain.commitment,
      agent: { name: 'agent', version: '0' },
      seq: chain.seq,
      ...(chain.last !== undefined && { prev: chain.last }),
      challenge: {
        origin: this.origin,
        size: treeSize(this.size),
        root: this.#roots.root(),
        nonce: sha('nonce').subarray(0, 16),
      },
      window: { start: made, end: made },
      population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
      coverage: { declared: 1, compared: 1, excluded: 0 },
      observations: { alg: SALTED_TREE, count: 0, root: sha('') },
      results: chain.claims.map((claim, i) =>
        i === 0
          ? { claim, verdict, evidence: 'E1' as const, ...failed }
          : { claim, verdict: 'PROVEN' as const, evidence: 'E1' as const },
      ),
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: time + chain.cadence,
    });
    chain.last = await this.#add('proof', chain.subject, payload, 'agent', time);
    chain.seq += 1;
  }

  async close(): Promise<void> {
    await this.#commit();
    await this.#copy.close();
  }

  async #add(
    kind: 'commitment' | 'proof',
    subject: string,
    payload: Uint8Array,
    who: 'author' | 'agent',
    time: number,
  ): Promise<Digest> {
    const signer = this.#people[who];
    const bytes = await signOwn({ kind, log: this.origin, issuer: ISSUER, subject }, payload, signer);
    const [id, leaf] = [sha(bytes), hashLeaf(bytes)];
    this.#waiting.push({
      index: leafIndex(this.size),
      id: entryId(formatHex(id)),
      kind,
      subject,
      issuer: ISSUER,
      kid: formatHex(keyThumbprint(signer.publicKey)),
      time,
      bytes,
      leaf,
    });
    this.#roots.push(leaf);
    if (this.#waiting.length === STEP) await this.#commit();
    return id;
  }

  async #commit(): Promise<void> {
    const entries = this.#waiting;
    const last = entries.at(-1);
    if (last === undefined) return;
    const leaves = concatBytes(...entries.map(({ leaf }) => leaf));
    const growth = grow(this.#edge, leaves, chooseHasher());
    await this.#copy.commit({ entries, leaves, chains: new Map() }, growth.root, last.time);
    this.#edge = growth.edge;
    this.#waiting = [];
  }
}
