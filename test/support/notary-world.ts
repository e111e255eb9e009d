/** A log in memory with witnesses and a clock, for notaries: what they read, what they are shown, what they log. */
import { digest, entryId, leafIndex, treeSize } from '#src/bytes/brand.ts';
import type { LogReader } from '#src/log/ports.ts';
import { Notary, type NotaryParts } from '#src/notary/notary.ts';
import { cosign, signCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '#src/note/key.ts';
import { appendSignatures } from '#src/note/note.ts';
import { parseTrustPolicy, type TrustPolicy } from '#src/note/trust.ts';
import type { Signer } from '#src/sign/signer.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { MemoryLog } from './memory-log.ts';
import {
  commitmentStatement,
  headKeys,
  ORIGIN,
  ownStatement,
  people,
  policyStatement,
  vkeys,
} from './world.ts';
import { seedSigner } from './seed-signer.ts';

export const START = 1_800_000_000;

/** A witness of this name, with an Ed25519 key or, `pq`, an ML-DSA-44 key. */
export function witnessOf(name: string, pq = false): NoteSigner {
  const seed = new Uint8Array(32).fill(name.codePointAt(0) ?? 1);
  return {
    name: `${name}.example`,
    type: pq ? 6 : 4,
    signer: seedSigner(pq ? 'ml-dsa-44' : 'ed25519', seed),
  };
}

export const WITNESSES = ['a', 'b', 'c'].map((name) => witnessOf(name));

export class NotaryWorld {
  readonly log = new MemoryLog();
  /** POSIX seconds. */
  now = START;
  /** The published checkpoint; undefined: there is none. */
  note: Uint8Array | undefined;
  /** What the log says to the next notices instead of taking them. */
  refusal: Error | undefined;
  readonly warnings: string[] = [];
  opened = 0;
  readonly trust: TrustPolicy = trustOf(WITNESSES, 2);

  static async start(): Promise<NotaryWorld> {
    const world = new NotaryWorld();
    await world.policy();
    return world;
  }

  async policy(more = {}): Promise<number> {
    return this.#add(await policyStatement(more));
  }

  /** Adds entries that are no notices: each is other bytes. */
  /** Logs a commitment with one claim of this cadence. */
  async commit(subject: string, cadence: number): Promise<number> {
    const claim = { id: 'a', expr: 'true', probe: 'tls@1', minEvidence: 'E1', severity: 'low' } as const;
    return this.#add(await commitmentStatement(subject, { claims: [{ ...claim, cadence }] }));
  }

  grow(count: number): void {
    for (let i = 0; i < count; i++)
      this.log.entries.push(new TextEncoder().encode(`entry ${this.log.entries.length}`));
  }

  /** A signed head of the log at its present size, or of another root, cosigned now by these witnesses. */
  async head(
    by: readonly NoteSigner[] = WITNESSES,
    over: { size?: number; root?: Uint8Array } = {},
  ): Promise<Uint8Array> {
    const size = over.size ?? this.log.entries.length;
    const root = digest(over.root ?? this.log.root(Math.min(size, this.log.entries.length)));
    const head = { origin: ORIGIN, size: treeSize(size), root, extensions: [] };
    const note = await signCheckpoint(head, headKeys.checkpoint.slice(0, 1), this.now);
    return appendSignatures(note, await Promise.all(by.map((each) => cosign(head, each, this.now))));
  }

  /** Publishes the head of the present size. */
  async publish(by?: readonly NoteSigner[]): Promise<void> {
    this.note = await this.head(by);
  }

  /** Logs a notice with this note, as a monitor. Resolves with its index. */
  async say(note: Uint8Array, signer: Signer = people.monitor): Promise<number> {
    const payload = encodeNotice({ topic: 'witnessed', note });
    return this.#add(await ownStatement('notice', ORIGIN, payload, signer));
  }

  notary(over: Partial<NotaryParts> = {}): Notary {
    return new Notary({
      origin: ORIGIN,
      trust: () => this.trust,
      reader: this.reader,
      head: () => this.note,
      log: async (note) => {
        if (this.refusal !== undefined) throw this.refusal;
        return this.say(note);
      },
      now: () => this.now,
      onWarning: (text) => this.warnings.push(text),
      ...over,
    });
  }

  /** Indices of the notices. */
  get notices(): readonly number[] {
    return this.log
      .rows({ kind: 'notice' })
      .map(({ index }) => index)
      .toReversed();
  }

  get reader(): Pick<LogReader, 'search' | 'entry' | 'head'> {
    return {
      head: () => ({
        size: treeSize(this.log.entries.length),
        root: this.log.root(),
        time: this.now,
        seal: { protectedBytes: new Uint8Array(), signature: new Uint8Array() },
      }),
      search: async ({ limit, ...query }) => {
        const rows = this.log.rows(query);
        const page = rows
          .slice(0, limit)
          .map((row) => ({ ...row, index: leafIndex(row.index), id: entryId(row.id), issuer: '', time: 0 }));
        return { rows: page, next: rows.length > limit ? page.at(-1)?.index : undefined };
      },
      entry: async (key) => {
        this.opened++;
        const bytes = typeof key === 'number' ? this.log.entries[key] : undefined;
        if (bytes === undefined) throw new Error('no such entry');
        return {
          index: leafIndex(Number(key)),
          id: entryId('00'.repeat(32)),
          kind: 'other',
          subject: '',
          issuer: '',
          kid: '',
          time: 0,
          bytes,
        };
      },
    };
  }

  #add(entry: Uint8Array): number {
    return this.log.add(entry).index;
  }
}

/** A trust policy of the world's log in which `k` of these witnesses must have cosigned. */
export function trustOf(
  witnesses: readonly NoteSigner[],
  k: number,
  logKeys: readonly string[] = vkeys.slice(0, 1),
): TrustPolicy {
  const names = witnesses.map(({ name }) => name.split('.')[0] ?? '');
  return parseTrustPolicy(
    [
      ...logKeys.map((vkey) => `log ${vkey}`),
      ...witnesses.map(
        ({ name, type, signer }, i) =>
          `witness ${names[i] ?? ''} ${formatVkey(name, type, signer.publicKey)}`,
      ),
      ...(witnesses.length === 0 || k === 0 ? [] : [`group q ${k} ${names.join(' ')}`]),
      `quorum ${witnesses.length === 0 || k === 0 ? 'none' : 'q'}`,
      '',
    ].join('\n'),
  );
}
