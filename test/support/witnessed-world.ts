/**
 * Witnesses, a clock and a growing tree for the publisher's tests, all in memory. A witness is an HTTP
 * server behind a `fetch`, true to C2SP tlog-witness unless its `behave` says otherwise.
 */
import { treeSize, type Digest } from '../../src/bytes/brand.ts';
import { equalBytes } from '../../src/bytes/compare.ts';
import { encodeUtf8 } from '../../src/bytes/text.ts';
import { askWitness, shownBy } from '../../src/client/witness.ts';
import type { Transport } from '../../src/client/transport.ts';
import { Publisher } from '../../src/log/publisher.ts';
import { PUBLISHER_TIMING, type PublisherParts, type PublisherTiming } from '../../src/log/publishing.ts';
import type { SealedHead } from '../../src/log/ports.ts';
import { parseAddCheckpoint } from '../../src/note/addcheckpoint.ts';
import { cosign, parseCheckpoint } from '../../src/note/checkpoint.ts';
import { formatVkey, parseVkey, type NoteSigner } from '../../src/note/key.ts';
import { formatSignatures, parseNote } from '../../src/note/note.ts';
import { openTrusted, parseTrustPolicy, type TrustPolicy } from '../../src/note/trust.ts';
import { verifyWithNoble } from '../../src/sign/algorithm.ts';
import { MemoryLog } from './memory-log.ts';
import { logSigner, ORIGIN, vkeys } from './world.ts';
import { seedSigner } from './seed-signer.ts';

export const START = 1_800_000_000;
export const logKeys = vkeys.map(parseVkey);

/** Lets everything that waits for nothing but others run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise(setImmediate);
}

/** Time that passes only when it is told to. */
export class Clock {
  /** How much time passes each time somebody looks. */
  creep = 0;
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];
  get ticks(): number {
    return (this.#now += this.creep);
  }

  readonly setTimer = (run: () => void, ms: number): void => {
    if (!(ms >= 0)) throw new Error(`a timer of ${ms} ms`);
    this.#timers.push({ at: this.#now + ms, run });
  };

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = Math.max(this.#now, end);
    await settle();
  }

  get seconds(): number {
    return START + Math.floor(this.#now / 1000);
  }
}

const NOTES = new Map<string, Uint8Array>();

/** A tree whose leaves have a text of their own: another `name`, another history. */
export class Tree {
  readonly #name: string;
  readonly #all = new MemoryLog();
  constructor(name = 'ours') {
    this.#name = name;
  }
  /** Its first entries; they are no statements. */
  #log(size: number): MemoryLog {
    const { entries } = this.#all;
    while (entries.length < size) entries.push(encodeUtf8(`${this.#name} ${entries.length}`));
    return this.#all;
  }
  root(size: number): Digest {
    return this.#log(size).root(size);
  }
  consistency(from: number, to: number): readonly Digest[] {
    return this.#log(to).consistency(from, to);
  }
  inclusion(index: number, size: number): readonly Digest[] {
    return this.#log(size).inclusion(index, size);
  }
  async head(size: number): Promise<SealedHead> {
    const head = { size: treeSize(size), root: this.root(size), time: START };
    return { ...head, seal: await logSigner.receipt(head) };
  }
  /** Signed once for all tests: ML-DSA-44 takes its time. */
  async note(size: number): Promise<Uint8Array> {
    const key = `${this.#name} ${size}`;
    const known = NOTES.get(key) ?? (await logSigner.checkpoint(await this.head(size)));
    NOTES.set(key, known);
    return known;
  }
}

type Behaviour = (
  witness: Witness,
  body: Uint8Array,
  path: string,
) => Response | undefined | Promise<Response | undefined>;

export class Witness {
  readonly name: string;
  readonly signer: NoteSigner;
  size = 0;
  /** Ticks of the add-checkpoint requests. */
  readonly asked: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  /** Answers instead of the witness; undefined leaves it to be honest. */
  behave: Behaviour = () => undefined;
  /** What it serves at its monitoring prefix. */
  shows: Uint8Array | undefined;
  readonly #clock: Clock;

  constructor(name: string, clock: Clock, type: 4 | 6 = 4) {
    const seed = new Uint8Array(32).fill(name.codePointAt(0) ?? 1);
    this.name = name;
    this.#clock = clock;
    this.signer = {
      name: `${name}.example`,
      type,
      signer: seedSigner(type === 4 ? 'ed25519' : 'ml-dsa-44', seed),
    };
  }

  get line(): string {
    const { name, type, signer } = this.signer;
    return `witness ${this.name} ${formatVkey(name, type, signer.publicKey)} http://${this.name}.example\n`;
  }

  async answer(path: string, body: Uint8Array): Promise<Response> {
    if (path !== '/add-checkpoint') {
      return this.shows === undefined
        ? new Response(null, { status: 404 })
        : new Response(Buffer.from(this.shows));
    }
    this.asked.push(this.#clock.ticks);
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      return (await this.behave(this, body, path)) ?? (await this.honest(body));
    } finally {
      this.inFlight--;
    }
  }

  async honest(body: Uint8Array, time = this.#clock.seconds): Promise<Response> {
    const { old, checkpoint } = parseAddCheckpoint(body);
    if (old !== this.size) return stands(this.size);
    const parsed = parseCheckpoint(parseNote(checkpoint).text);
    this.size = parsed.size;
    return new Response(formatSignatures([await cosign(parsed, this.signer, time)]));
  }
}

/** 409 with the size. */
export function stands(size: number | string, type = 'text/x.tlog.size'): Response {
  return new Response(`${size}\n`, { status: 409, headers: { 'content-type': type } });
}

export interface World {
  readonly clock: Clock;
  readonly tree: Tree;
  readonly policy: TrustPolicy;
  readonly witnesses: readonly Witness[];
  readonly publisher: Publisher;
  readonly transport: Transport;
  /** What was made readable, in order. */
  readonly published: { note: Uint8Array; size: number; at: number }[];
  readonly kept: Uint8Array[];
  readonly proofs: Uint8Array[];
  readonly warnings: string[];
  readonly alarms: string[];
  /** The log integrates up to this size and offers its head. */
  readonly offer: (size: number) => Promise<void>;
  readonly grow: (size: number) => void;
  /** Fresh: the same witnesses and time, a log that was started again. */
  readonly again: (over?: Over) => World;
}

export interface Over {
  readonly timing?: Partial<PublisherTiming>;
  readonly keep?: PublisherParts['keep'];
  readonly policy?: string;
  readonly random?: () => number;
}

/** A publisher with witnesses of these names; `quorum`: the last lines of the policy. */
export function world(names: readonly string[], quorum: string, over: Over = {}): World {
  const clock = new Clock();
  const witnesses = names.map((name) => new Witness(name, clock, name === 'c' ? 6 : 4));
  return worldOf(clock, witnesses, quorum, over);
}

function worldOf(clock: Clock, witnesses: readonly Witness[], quorum: string, over: Over): World {
  const policy = parseTrustPolicy(over.policy ?? `${witnesses.map(({ line }) => line).join('')}${quorum}\n`);
  const tree = new Tree();
  let size = 0;
  const fetcher: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const witness = witnesses.find(({ name }) => url.host === `${name}.example`);
    if (witness === undefined) throw new TypeError('no such host');
    return witness.answer(url.pathname, init?.body instanceof Uint8Array ? init.body : new Uint8Array());
  };
  const transport = { fetch: fetcher, now: () => clock.seconds * 1000, timeoutMs: 1e8 };
  const made: Omit<World, 'publisher' | 'offer' | 'grow' | 'again'> = {
    clock,
    tree,
    policy,
    witnesses,
    transport,
    published: [],
    kept: [],
    proofs: [],
    warnings: [],
    alarms: [],
  };
  const publisher = new Publisher({
    policy,
    timing: { ...PUBLISHER_TIMING, hearingMs: 0, ...over.timing },
    port: {
      add: (witness, note, old, to) =>
        askWitness(transport, witness, { note, old, proof: tree.consistency(old, to) }, verifyWithNoble),
      shown: async (witness) => {
        const shown = await shownBy(transport, witness, ORIGIN, logKeys, verifyWithNoble);
        return shown && { note: shown.note, checkpoint: shown.opened.checkpoint };
      },
    },
    size: () => treeSize(size),
    contradicts: async (checkpoint) =>
      checkpoint.size > size || !equalBytes(tree.root(checkpoint.size), checkpoint.root),
    ticks: () => clock.ticks,
    now: () => clock.seconds,
    random: over.random ?? (() => 0.5),
    setTimer: clock.setTimer,
    report: { warn: (text) => made.warnings.push(text), alarm: (text) => made.alarms.push(text) },
    publish: (note, head) => made.published.push({ note, size: head.size, at: clock.ticks }),
    keep: over.keep ?? (async (note) => void made.kept.push(note)),
    keepProof: async (note) => void made.proofs.push(note),
  });
  return {
    ...made,
    publisher,
    grow: (to) => (size = to),
    async offer(to) {
      size = to;
      publisher.offer(await tree.note(to), await tree.head(to));
      await settle();
    },
    again: (next = {}) => worldOf(clock, witnesses, quorum, next),
  };
}

export const logs = logKeys.slice(0, 1).map((verifier) => ({ verifier }));
export const never = new Promise<undefined>(() => {});

/** Names of those who cosigned a note, which must be as the policy wants it. */
export function cosigners(note: Uint8Array, policy: TrustPolicy): readonly string[] {
  const { cosignatures } = openTrusted(note, { ...policy, logs });
  return cosignatures.map(({ verifier }) => verifier.name.split('.')[0] ?? '').toSorted();
}

export function last({ published }: World): { note: Uint8Array; size: number; at: number } {
  const newest = published.at(-1);
  if (newest === undefined) throw new Error('nothing is published');
  return newest;
}

/** The witness of this name. */
export function named({ witnesses }: World, name: string): Witness {
  const found = witnesses.find((witness) => witness.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

export const sizesOf = ({ published }: World): readonly number[] => published.map(({ size }) => size);
