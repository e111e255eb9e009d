/**
 * A log that is written by a simulated clock, with two witnesses, and what a reader of it knows of a subject. All entries are
 * signed, admissible, and bound to real roots: other rooms read them as any log. Times are POSIX seconds.
 *
 *     const story = await PastStory.start(T('2026-01-01T00:00Z'));
 *     const commitment = await story.at(T('2026-01-01T09:00Z')).commit([claim]);
 *     await story.at(T('2026-01-01T10:00Z')).prove(commitment, { 'tls-min': 'PROVEN' });
 *     await story.at(T('2026-01-01T12:00Z')).witness();
 *     knownHistory(story.record(), { since, until });
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { witnessedHead } from '#src/appraisal/past/bounds.ts';
import type { PastEntry, PastPolicy, PastRecord, WitnessedHead } from '#src/appraisal/past/types.ts';
import { digest, entryId, treeSize, type Digest } from '#src/bytes/brand.ts';
import { equalBytes } from '#src/bytes/compare.ts';
import { encodeUtf8, parseHex } from '#src/bytes/text.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { cosign, formatCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '#src/note/key.ts';
import { formatNote } from '#src/note/note.ts';
import { parseTrustPolicy, type TrustPolicy } from '#src/note/trust.ts';
import { PolicyHistory } from '#src/registration/history.ts';
import { openWitnessed } from '#src/registration/notices.ts';
import type { Signer } from '#src/sign/signer.ts';
import { isSaidAgain } from '#src/statement/claims.ts';
import type { Claim, Declaration } from '#src/statement/commitment.ts';
import type { StatementKind } from '#src/statement/kinds.ts';
import { parseStatement, type ParsedStatement } from '#src/statement/parse.ts';
import {
  encodeApproval,
  encodeCommitment,
  encodeDeployment,
  encodeNotice,
  encodeProof,
  encodeWaiver,
} from '#src/statement/payload.ts';
import type { PolicyDocument } from '#src/statement/policy.ts';
import type { Result, RuntimeProof } from '#src/statement/proof.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import type { Verdict } from '#src/statement/vocabulary.ts';
import { emptyEdge, grow, type Edge } from '#src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '#src/tree/hash.ts';
import { MemoryLog } from './memory-log.ts';
import {
  headKeys,
  nextPolicyStatement,
  ORIGIN,
  ownStatement,
  people,
  policyDocumentOf,
  policyStatement,
  vkeys,
} from './world.ts';
import { seedSigner } from './seed-signer.ts';

export { ORIGIN, people };

/** POSIX seconds of a time such as `2026-01-05 08:00` or `2026-01-05 08:00:01`, UTC. */
export function T(text: string): number {
  const time = Date.parse(`${text.replace(' ', 'T')}${text.length === 10 ? 'T00:00' : ''}Z`) / 1000;
  if (!Number.isInteger(time)) throw new RangeError(`no time: ${text}`);
  return time;
}

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;

export const hashOf = (text: string): Digest => digest(sha256(encodeUtf8(text)));
export const kidOf = (signer: Signer): string => keyThumbprint(signer.publicKey).toHex();

/** Agents besides the one of world.ts. */
export const agentTwo = seedSigner('ed25519', hashOf('tallystick test agent two'));
export const agentThree = seedSigner('ed25519', hashOf('tallystick test agent three'));

/** The names that the policy gives to the three. */
export const AGENTS: readonly (readonly [Signer, string])[] = [
  [people.agent, 'agent one'],
  [agentTwo, 'agent two'],
  [agentThree, 'agent three'],
];

const witnessSigner = (name: string): NoteSigner => ({
  name: `${name}.example`,
  type: 4,
  signer: seedSigner('ed25519', hashOf(`tallystick test ${name}`)),
});
export const witnesses = [witnessSigner('w1'), witnessSigner('w2')] as const;

/** Seconds after `now` at which the two witnesses cosign: the quorum of both is met by the second, and lasts to the first. */
export const COSIGNED_AFTER = [1, 3] as const;

/** The trust policy of a reader who asks for both witnesses. */
export const BOTH_WITNESSES: TrustPolicy = parseTrustPolicy(
  [
    ...vkeys.map((vkey) => `log ${vkey}`),
    ...witnesses.map(
      ({ name, type, signer }, i) => `witness w${i + 1} ${formatVkey(name, type, signer.publicKey)}`,
    ),
    'group both 2 w1 w2',
    'quorum both',
    '',
  ].join('\n'),
);

/** A claim that an agent's own word can prove, daily unless it is said otherwise. */
export function claimOf(id: string, change: Partial<Claim> = {}): Claim {
  return { id, expr: 'true', probe: 'tls@1', minEvidence: 'E1', cadence: DAY, severity: 'high', ...change };
}

/** What an agent saw of claims. */
export type Seen = Readonly<Record<string, Verdict | Partial<Result>>>;

export interface ProveOptions {
  readonly by?: Signer;
  readonly change?: Partial<RuntimeProof>;
  /** The size of the log that the challenge names: its size now when absent. */
  readonly challengeSize?: number;
}

export interface ReadOptions {
  /** The entries of the log that the reader knows. */
  readonly size?: number;
  readonly now?: number;
  readonly trust?: TrustPolicy;
  /** Entries that the log leaves out. */
  readonly without?: readonly number[];
  readonly complete?: PastRecord['complete'];
}

interface Said {
  readonly entry: Uint8Array;
  readonly parsed: ParsedStatement;
  readonly id: Digest;
  /** When the log says that it logged it. */
  time: number;
}

export class PastStory extends MemoryLog {
  readonly subject: string;
  readonly said: Said[] = [];
  now: number;
  readonly #ids = new Set<string>();
  readonly #roots: Digest[] = [];
  #edge: Edge = emptyEdge();
  readonly #chains = new Map<string, { readonly seq: number; readonly id: Digest }>();
  #newest: Digest | undefined;

  private constructor(subject: string, now: number) {
    super();
    this.subject = subject;
    this.now = now;
    this.#roots.push(grow(this.#edge, new Uint8Array(), nobleHasher).root);
  }

  static async start(
    now: number,
    change: Partial<PolicyDocument> = {},
    subject = 'prod/pay/db',
  ): Promise<PastStory> {
    const story = new PastStory(subject, now);
    const document = policyDocumentOf();
    const keys = [
      ...document.keys.filter(({ roles }) => !roles.includes('agent')),
      ...AGENTS.map(([signer, name]) => ({
        key: signer.publicKey,
        name,
        roles: ['agent' as const],
        subjects: ['prod/**'],
      })),
    ];
    story.append(await policyStatement({ keys, ...change }));
    return story;
  }

  /** The same log at a later moment. */
  at(now: number): this {
    if (now < this.now) throw new RangeError('time does not go back');
    this.now = now;
    return this;
  }

  override root(size = this.entries.length): Digest {
    const root = this.#roots[size];
    return root ?? super.root(size);
  }

  /** Logs an entry now. */
  append(entry: Uint8Array): Digest {
    const id = digest(sha256(entry));
    if (this.#ids.has(id.toHex())) throw new Error('it was logged before');
    this.#ids.add(id.toHex());
    this.entries.push(entry);
    const growth = grow(this.#edge, hashLeaf(entry), nobleHasher);
    this.#edge = growth.edge;
    this.#roots.push(growth.root);
    this.said.push({ entry, parsed: parseStatement(entry), id, time: this.now });
    return id;
  }

  async say(
    kind: Exclude<StatementKind, 'other'>,
    payload: Uint8Array,
    signer: Signer,
    subject = this.subject,
  ): Promise<Digest> {
    const issued = isSaidAgain(kind) ? { issued: this.now } : {};
    return this.append(await ownStatement(kind, subject, payload, signer, issued));
  }

  async commit(claims: readonly Claim[], change: Partial<Declaration> = {}): Promise<Digest> {
    const payload = encodeCommitment({
      environment: 'prod',
      tier: 'critical-path',
      source: { kind: 'json' },
      canon: { profile: 'json@1' },
      tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(`declared ${this.entries.length}`) },
      scope: { world: 'open' },
      claims,
      ...(this.#newest !== undefined && { supersedes: this.#newest }),
      ...change,
    });
    return (this.#newest = await this.say('commitment', payload, people.author));
  }

  async withdraw(withdraws: Digest): Promise<Digest> {
    const follows = this.#newest === undefined ? {} : { supersedes: this.#newest };
    return (this.#newest = await this.say(
      'commitment',
      encodeCommitment({ withdraws, ...follows }),
      people.author,
    ));
  }

  approve(commitment: Digest): Promise<Digest> {
    return this.say('approval', encodeApproval({ commitment }), people.approver);
  }

  waive(commitment: Digest, claims: readonly string[], notAfter: number): Promise<Digest> {
    const waiver = { commitment, claims, owner: 'payments lead', reason: 'the old terminal', notAfter };
    return this.say('waiver', encodeWaiver(waiver), people.approver);
  }

  deploy(commitment: Digest, deployed = this.now): Promise<Digest> {
    return this.say('deployment', encodeDeployment({ commitment, deployed }), people.author);
  }

  /** A proof whose window ends now. Without anything seen it is a heartbeat. */
  async prove(commitment: Digest, seen: Seen = {}, options: ProveOptions = {}): Promise<Digest> {
    const { by = people.agent, change = {}, challengeSize: size = this.entries.length } = options;
    const results = Object.entries(seen).map(([claim, said]): Result => ({
      claim,
      evidence: 'E1',
      ...(typeof said === 'string' ? { verdict: said } : { verdict: 'PROVEN', ...said }),
      ...((said === 'VIOLATED' || said === 'CONTRADICTED') && { explain: 'it was seen' }),
    }));
    const chain = this.#chains.get(kidOf(by));
    const payload: RuntimeProof = {
      commitment,
      agent: { name: 'agent', version: '1' },
      seq: chain === undefined ? 0 : chain.seq + 1,
      ...(chain !== undefined && { prev: chain.id }),
      challenge: {
        origin: ORIGIN,
        size,
        root: this.root(size),
        nonce: hashOf(`nonce ${this.entries.length}`).subarray(0, 16),
      },
      window: { start: this.now, end: this.now },
      ...(results.length > 0 && {
        population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
        observations: { alg: SALTED_TREE, count: 0, root: hashOf('') },
        coverage: { declared: 1, compared: 1, excluded: 0 },
      }),
      results,
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: Math.max(this.now, change.window?.end ?? 0) + DAY,
      ...change,
    };
    const id = await this.say('proof', encodeProof(payload), by);
    this.#chains.set(kidOf(by), { seq: payload.seq, id });
    return id;
  }

  /** A policy that revokes a key from an entry on. */
  async revoke(signer: Signer, since: number): Promise<Digest> {
    const before = this.said.findLast(({ parsed }) => parsed.kind === 'policy');
    if (before?.parsed.kind !== 'policy') throw new Error('a log begins with a policy');
    const { document } = before.parsed.policy;
    const kid = digest(keyThumbprint(signer.publicKey));
    const keys = document.keys.filter(({ key }) => !equalBytes(keyThumbprint(key), kid));
    const revoked = [...(document.revoked ?? []), { kid, since }];
    return this.append(await nextPolicyStatement(before.entry, { keys, revoked }));
  }

  /** Both witnesses cosign the log as it is, and a monitor logs that. `times`: when each did. */
  async witness(times: readonly number[] = COSIGNED_AFTER.map((after) => this.now + after)): Promise<Digest> {
    const note = await this.note(this.entries.length, times);
    return this.say('notice', encodeNotice({ topic: 'witnessed', note }), people.monitor, ORIGIN);
  }

  /** The signed and cosigned checkpoint of the first entries. */
  async note(size: number, times: readonly number[]): Promise<Uint8Array> {
    const checkpoint = { origin: ORIGIN, size: treeSize(size), root: this.root(size), extensions: [] };
    const [log] = headKeys.checkpoint;
    if (log === undefined) throw new Error('a log has a key');
    const lines = await Promise.all([
      cosign(checkpoint, log, 0),
      ...witnesses.map((each, i) => cosign(checkpoint, each, times[i] ?? 0)),
    ]);
    return formatNote(formatCheckpoint(checkpoint), lines);
  }

  /** The index of an entry. */
  indexOf(id: Uint8Array): number {
    return this.said.findIndex((each) => equalBytes(each.id, id));
  }

  /** What a reader of the log knows of the subject. */
  record(options: ReadOptions = {}): PastRecord {
    const {
      size = this.entries.length,
      now = this.now,
      trust = BOTH_WITNESSES,
      without = [],
      complete = {},
    } = options;
    const known = this.said
      .slice(0, size)
      .flatMap(({ parsed, id, time }, index): PastEntry[] =>
        without.includes(index) ? [] : [{ index, id: entryId(id.toHex()), time, parsed }],
      );
    const policies = known.filter(({ parsed }) => parsed.kind === 'policy');
    return {
      subject: this.subject,
      origin: ORIGIN,
      size,
      now,
      headTime: undefined,
      entries: known.filter(({ parsed }) => parsed.subject === this.subject),
      policies: PolicyHistory.of(ORIGIN, policies),
      policyEntries: policies.map(({ index, id, time }): PastPolicy => ({ index, id, time })),
      heads: trust.quorum === 'none' ? [] : known.flatMap((each) => this.#headIn(each, trust)),
      evidence: new Map(),
      wasHead: (at, root) => at <= size && equalBytes(this.root(at), root),
      loggedAt: (index) => this.said[index]?.time,
      complete,
    };
  }

  readonly #opened = new Map<number, readonly WitnessedHead[]>();

  #headIn({ index, parsed }: PastEntry, trust: TrustPolicy): readonly WitnessedHead[] {
    if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed') return [];
    const known = trust === BOTH_WITNESSES ? this.#opened.get(index) : undefined;
    if (known !== undefined) return known;
    const head = witnessedHead(openWitnessed(index, parsed.notice, trust), trust, index);
    const heads = head === undefined ? [] : [head];
    if (trust === BOTH_WITNESSES) this.#opened.set(index, heads);
    return heads;
  }
}

/** The entry id, as bytes, of an id in hex. */
export const idBytes = (id: string): Digest => digest(parseHex(id));
