/**
 * A log of many subjects in a SQLite file, in the layout of a log's own store: a policy, a commitment a subject, then a proof a
 * subject in turn. Every signature is real.
 */
import { createHash, createPrivateKey } from 'node:crypto';
import { digest, entryId, leafIndex, treeSize, type Digest } from '#src/bytes/brand.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { nodeSigner } from '#src/keys/native.ts';
import type { NewEntry } from '#src/log/ports.ts';
import { Copy } from '#src/monitor/copy.ts';
import type { Signer } from '#src/sign/signer.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodeCommitment, encodeProof } from '#src/statement/payload.ts';
import type { Verdict } from '#src/statement/vocabulary.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { signOwn } from '#src/statement/sign.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import { emptyEdge, grow, type Edge } from '#src/tree/grow.ts';
import { chooseHasher } from '#src/workers/kernels.ts';
import { logSigner, ORIGIN, policyStatement } from './world.ts';

export { ORIGIN };

const sha = (text: string): Digest => digest(new Uint8Array(createHash('sha256').update(text).digest()));

/** A person of world.ts, whose key signs natively. */
function native(name: string): Signer {
  const key = createPrivateKey({
    key: Buffer.from(sha(`tallystick test ${name}`)),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  } as never);
  return nodeSigner(key);
}

const [author, agent] = [native('author'), native('agent')];
const CADENCE = 86_400;
const TEAMS = ['team-pay', 'team-web', 'team-db', 'team-edge'];

/** What the proof of a subject says: some fail, some are late, some say nothing. */
export function verdictOf(n: number): Verdict | undefined {
  if (n % 97 === 3) return 'VIOLATED';
  if (n % 997 === 5) return 'CONTRADICTED';
  return n % 53 === 7 ? undefined : 'PROVEN';
}

export class LargeLog {
  readonly copy: Copy;
  #edge: Edge = emptyEdge();
  #time: number;
  readonly #root = new Map<number, Digest>();
  readonly commitments: Digest[] = [];

  private constructor(copy: Copy, time: number) {
    this.copy = copy;
    this.#time = time;
  }

  /** `time`: of the first entry, POSIX seconds. */
  static async make(path: string, subjects: number, time: number): Promise<LargeLog> {
    const copy = await Copy.open({ path, origin: ORIGIN, hasher: chooseHasher() });
    const log = new LargeLog(copy, time);
    await log.#add([await policyStatement()]);
    const committed: Uint8Array[] = [];
    for (let n = 0; n < subjects; n++) committed.push(await log.#commitment(n));
    await log.#add(committed);
    const proofs: Uint8Array[] = [];
    for (let n = 0; n < subjects; n++) {
      const verdict = verdictOf(n);
      if (verdict !== undefined) proofs.push(await log.#proof(n, verdict));
    }
    await log.#add(proofs);
    return log;
  }

  static subject(n: number): string {
    return `${['prod/pay', 'prod/web', 'stage/web', 'prod/db'][n % 4]}/service-${String(n).padStart(5, '0')}`;
  }

  get size(): number {
    return this.copy.size;
  }

  note(): Promise<Uint8Array> {
    return logSigner.checkpoint({ ...this.copy.head, time: this.#time });
  }

  /** One more commitment, of a subject that is new. */
  async another(n: number): Promise<void> {
    await this.#add([await this.#commitment(n)]);
  }

  #commitment(n: number): Promise<Uint8Array> {
    const subject = LargeLog.subject(n);
    const claim = {
      expr: 'true',
      probe: 'tls@1',
      minEvidence: 'E1' as const,
      cadence: n % 31 === 4 ? 600 : CADENCE,
    };
    const payload = encodeCommitment({
      environment: 'prod',
      tier: 'background',
      source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
      canon: { profile: 'files@1' },
      tree: { alg: SALTED_TREE, leaves: 1, root: sha(subject) },
      scope: { world: 'open' },
      claims: [
        { id: 'tls-min', ...claim, severity: 'high' },
        { id: 'hsts', ...claim, severity: 'low' },
      ],
      target: { owner: TEAMS[n % TEAMS.length] ?? '' },
    });
    return own('commitment', subject, payload, author);
  }

  #proof(n: number, verdict: Verdict): Promise<Uint8Array> {
    const size = this.size;
    const failed = verdict === 'PROVEN' ? {} : { explain: 'TLS 1.0 was accepted' };
    const payload = encodeProof({
      commitment: this.commitments[n] ?? sha(''),
      agent: { name: 'agent', version: '0' },
      seq: 0,
      challenge: {
        origin: ORIGIN,
        size: treeSize(size),
        root: this.#root.get(size) ?? sha(''),
        nonce: sha('nonce').subarray(0, 16),
      },
      window: { start: this.#time, end: this.#time },
      population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
      coverage: { declared: 1, compared: 1, excluded: 0 },
      observations: { alg: SALTED_TREE, count: 0, root: sha('') },
      results: [
        { claim: 'tls-min', verdict, evidence: 'E1', ...failed },
        { claim: 'hsts', verdict: 'PROVEN', evidence: 'E1' },
      ],
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: this.#time + CADENCE,
    });
    return own('proof', LargeLog.subject(n), payload, agent);
  }

  async #add(statements: readonly Uint8Array[]): Promise<void> {
    this.#time += 1;
    const rows = statements.map((bytes, i): NewEntry => {
      const { kind, subject, issuer, kid } = parseStatement(bytes);
      const id = sha256Of(bytes);
      if (kind === 'commitment') this.commitments.push(id);
      return {
        index: leafIndex(this.size + i),
        id: entryId(id.toHex()),
        kind,
        subject,
        issuer,
        kid,
        time: this.#time,
        bytes,
        leaf: hashLeaf(bytes),
      };
    });
    const leaves = concatBytes(...rows.map(({ leaf }) => leaf));
    const growth = grow(this.#edge, leaves, chooseHasher());
    this.#edge = growth.edge;
    await this.copy.commit({ entries: rows, leaves, chains: new Map() }, growth.root, this.#time);
    this.#root.set(growth.size, growth.root);
  }
}

function sha256Of(bytes: Uint8Array): Digest {
  return digest(new Uint8Array(createHash('sha256').update(bytes).digest()));
}

function own(
  kind: 'commitment' | 'proof',
  subject: string,
  payload: Uint8Array,
  signer: Signer,
): Promise<Uint8Array> {
  return signOwn({ kind, log: ORIGIN, issuer: 'https://issuer.example', subject }, payload, signer);
}
