/**
 * The client of a transparency log: in a browser, a CI action, an auditor's tool and every verb of the command line.
 *
 * Nouns. A **view** is one checkpoint that a trusted log signed, and reads under it: each is checked against its root, so
 * the server that answers need not be trusted (view.ts). A **snapshot** is a view with the registration policies under it,
 * and what a reader wants to know of subjects (snapshot.ts). A **head memory** keeps the newest head of each log between
 * runs (ports.ts). A **peer** is somebody else who holds heads of the log. **Evidence** is what shows an entry to somebody
 * offline (evidence.ts).
 *
 * Flow. Whoever asks for a view gets the newest checkpoint, after it was
 *
 *   opened with the log's keys → compared with the head remembered → compared with the peers' → opened with the quorum
 *     → remembered
 *
 * Two signed heads that are not one history end everything with `inconsistent`, whatever else is wrong, and the incident
 * that shows it goes to the head memory. Whoever logs a statement goes
 *
 *   submit → wait for the receipt → collect entry, proofs and policy under a view → verify it all
 *
 * A worked example:
 *
 *   const trust = trustKeys([parseVkey('log.example+d1b21824+AX…')]);                            // trust.ts
 *   const client = openClient({ log: 'https://log.example', trust, fetch, now: Date.now });
 *   const snapshot = await client.snapshot();
 *   const { claims } = appraiseSubject(await snapshot.subject('web/shop'), snapshot.context);    // appraisal/subject.ts
 *   for (const { claim, verdict } of claims) console.log(claim.id, verdict);                     // tls-min PROVEN
 *
 * Everything that can go wrong in the world is a `Refusal` with a code. What a person should hear goes to `onRemark`, long
 * work to `progress`; nothing is printed. No module here knows a clock, a disk or Node: they are options.
 */
import type { EntryId } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { keyThumbprint } from '../cose/key.ts';
import { decodeReceipt } from '../cose/receipt.ts';
import { PolicyHistory, type PolicyEntry } from '../registration/history.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { verifyOnce } from '../sign/remembered.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { nobleHasher } from '../tree/hash.ts';
import { stepsOf } from './batch.ts';
import type { Bundle } from './bundles.ts';
import { entriesOf } from './entries.ts';
import type { Evidence, Trust } from './evidence.ts';
import { silentKeys } from './examine-log.ts';
import { examine, type Examination } from './examine.ts';
import { findEntry, type FoundEntry } from './find-entry.ts';
import type { PeerResult } from './gossip.ts';
import { accuse, checkRemembered, HeadsInMemory, remember, type Holding } from './memory.ts';
import { Patience } from './patience.ts';
import { checkPeers } from './peers.ts';
import type { ClientOptions } from './ports.ts';
import {
  logStatement,
  whileWaiting,
  type Collected,
  type LoggedStatement,
  type SubmitOptions,
} from './log-statement.ts';
import { LogReader } from './reader.ts';
import { acknowledgeAll, postAll, receiptSigners, type Submission } from './receipts.ts';
import { entryIdOf } from './scrapi.ts';
import { answersSearches, findAll, findNewest, type Found, type Wanted } from './search.ts';
import type { Snapshot } from './snapshot.ts';
import { TileReader } from './tiles.ts';
import type { Transport } from './transport.ts';
import { explained } from './unready.ts';
import { asCheckpoint, LogView, type ProvenEntry } from './view.ts';

/**
 * Milliseconds that the client waits at least for a checkpoint after an acknowledgement, whatever shorter patience the
 * user set.
 */
const PUBLISHING_MS = 5_000;

/** A client of the log that the options name. Nothing is asked before its first method. */
export function openClient(options: ClientOptions): LogClient {
  return new LogClient(options);
}

export class LogClient {
  readonly #options: ClientOptions;
  readonly #holding: Holding;
  #peers: readonly PeerResult[] | undefined;
  /** Whether this client saw a checkpoint that the log's key signed. */
  #sawHead = false;
  /** Policies that were proven to be in the tree; they are in every later tree. */
  readonly #policies = new Map<EntryId, PolicyEntry>();
  readonly #reader: LogReader;
  readonly tiles: TileReader;
  readonly transport: Transport;
  /** Base URL of the log. */
  readonly log: string;
  readonly trust: Trust;
  readonly verify: VerifySignature;

  constructor(options: ClientOptions) {
    const { log, trust, now, memory = new HeadsInMemory(), verify, onRemark = () => undefined } = options;
    this.#options = options;
    this.transport = { ...transportOf(options), reached: new Set() };
    const isCopy = async (): Promise<boolean> => !(await answersSearches(this.transport, log));
    this.#holding = { memory, policy: trust.policy, now, remark: onRemark, isCopy };
    this.log = log;
    this.trust = trust;
    this.verify = verify ?? verifyOnce;
    this.tiles = new TileReader(this.transport, log);
    this.#reader = new LogReader({
      options,
      log,
      trust,
      transport: this.transport,
      view: () => this.view(),
      accuse: (conflict, { opened }) => accuse(this.#holding, opened.checkpoint.origin, conflict),
    });
  }

  /** The log as its newest checkpoint shows it. Refuses as `view` does, `not-found` for a log without policies. */
  snapshot(): Promise<Snapshot> {
    return this.#reader.snapshot();
  }

  /**
   * Fetches the newest checkpoint. If `covering` is given, waits for one that contains the entry with that index, since
   * a log may publish later than it acknowledges. Refuses `not-yet`, `quorum-unmet` and what `openTrusted` refuses.
   * Refuses `inconsistent` before all others if the log showed two histories, to this client or to a peer: honest
   * witnesses do not cosign a fork, so a missing quorum must not hide the fork.
   */
  async view(covering = -1): Promise<LogView> {
    const patience = new Patience(this.transport, PUBLISHING_MS);
    for (;;) {
      const { policy } = this.trust;
      const note = await this.#checkpoint();
      const signed = this.#signed(note);
      await checkRemembered(this.#holding, signed);
      await this.#askPeers(signed);
      const view = LogView.of(this.tiles, note, policy, this.verify);
      if (view.head.size > covering) {
        silentKeys(view.opened, this.trust);
        await remember(this.#holding, view);
        return view;
      }
      if (!(await patience.pause())) {
        const what = `the log has not published a checkpoint over entry ${covering} yet; ask again later`;
        throw this.unmet(await explained(this.transport, this.log, refuse('not-yet', what)));
      }
    }
  }

  /**
   * Turns `not-yet` into `quorum-unmet` if the client's policy asks for witnesses, the log's own key signed a head in
   * this run, and no head with the quorum covers what was asked for. The client found this itself; what the log says of
   * its witnesses plays no part.
   */
  unmet(refusal: Refusal): Refusal {
    const { quorum } = this.trust.policy;
    if (refusal.code !== 'not-yet' || quorum === 'none' || !this.#sawHead) return refusal;
    const what = `no checkpoint with the quorum "${quorum.name}" covers it yet`;
    return refuse('quorum-unmet', `${what}: ${refusal.message}`, { cause: refusal });
  }

  /**
   * The view of a checkpoint that the log's URL served. Refuses as `LogView.signed` does. If the response is no
   * checkpoint at all, anybody on the way may have sent it, so that it is `unavailable`.
   */
  #signed(note: Uint8Array): LogView {
    const { policy } = this.trust;
    const view = asCheckpoint(this.log, () => LogView.signed(this.tiles, note, policy, this.verify));
    this.#sawHead = true;
    return view;
  }

  /** The newest checkpoint as served; nothing is verified. If the log has none, the refusal says why. */
  async #checkpoint(): Promise<Uint8Array> {
    try {
      return await this.tiles.checkpoint();
    } catch (error) {
      throw error instanceof Refusal ? await explained(this.transport, this.log, error) : error;
    }
  }

  /** Asks the peers once in a run. Later views are compared with the first one. */
  async #askPeers(view: LogView): Promise<void> {
    if (this.#peers !== undefined) return;
    this.#peers = [];
    const { peers = [], fetch, now } = this.#options;
    const compared = { view, log: this.log, peers, transport: { fetch, now } };
    this.#peers = await checkPeers(this.#holding, compared);
  }

  /** The result of the comparison with each peer, in their order; empty before the first view. */
  get peers(): readonly PeerResult[] {
    return this.#peers ?? [];
  }

  /** An entry by its id, its index or a URL that ends in one of them; `assertVerified` says whether its evidence holds. */
  find(name: string): Promise<FoundEntry> {
    return findEntry(this, name);
  }

  /** Every entry under a view from an index on, verified, bundle by bundle (entries.ts). The first may begin before it. */
  entries(view: LogView, from = 0): AsyncGenerator<Bundle, void, undefined> {
    return entriesOf(this.tiles, view.head, this.#options.hasher ?? nobleHasher, from);
  }

  /** `logStatement` (log-statement.ts): submits a signed statement, and verifies all that shows it to be logged. */
  logStatement(statement: Uint8Array, options?: SubmitOptions): Promise<LoggedStatement> {
    return logStatement(this, statement, options);
  }

  /**
   * Submits statements in steps that one request may carry; each stands for itself. Their receipts are verified, and
   * nothing else of them. `onProgress`: told how many were answered.
   */
  async submitAll(
    statements: readonly Uint8Array[],
    onProgress: (done: number) => void = () => undefined,
  ): Promise<readonly Submission[]> {
    const submissions: Submission[] = [];
    for (const step of stepsOf(statements)) {
      submissions.push(...(await this.#submitStep(step)));
      onProgress(submissions.length);
    }
    return submissions;
  }

  async #submitStep(statements: readonly Uint8Array[]): Promise<readonly Submission[]> {
    const answers = await this.whileWaiting(postAll(this.transport, this.log, statements));
    // The policy is read after the answers, because receipts may be signed with a new key.
    const view = await this.view();
    const { origin } = view.opened.checkpoint;
    const signers = receiptSigners(this.trust, origin, await this.policy(view));
    return acknowledgeAll(statements, answers, signers, this.verify);
  }

  /** Waits for `work`. If that takes longer than `SLOW_MS`, remarks on what the log itself waits for. */
  async whileWaiting<T>(work: Promise<T>): Promise<T> {
    const { transport, log } = this;
    const { untilSlow } = this.#options;
    try {
      return await whileWaiting({ transport, log, remark: this.#holding.remark, untilSlow }, work);
    } catch (error) {
      throw error instanceof Refusal ? this.unmet(error) : error;
    }
  }

  /** The newest entry that matches, as the log's search names it, verified to be logged; undefined without one. */
  async newest(view: LogView, wanted: Wanted): Promise<ProvenEntry | undefined> {
    const found = await findNewest(this.transport, this.log, wanted).catch(undefinedWithoutSearch);
    if (found === undefined) return undefined;
    if (found.index >= (wanted.before ?? Infinity)) {
      throw refuse('unavailable', `${this.log} answered a search with entries that were not asked for`);
    }
    const covering = found.index < view.head.size ? view : await this.view(found.index);
    const entry = await covering.entry(found.index);
    if (entryIdOf(entry.bytes) === found.id) return entry;
    throw refuse(
      'proof-failed',
      `${this.log} named entry ${found.index} by the wrong id; do not rely on its search`,
    );
  }

  /**
   * The registration policies of the log, verified. Each policy names the one before it, so the log cannot leave out
   * one between the first and the newest. It could hide that a newer one exists: for that its search is believed.
   * Undefined for a log without a policy.
   */
  async policies(view: LogView): Promise<PolicyHistory | undefined> {
    const rows = await findAll(this.transport, this.log, { kind: 'policy' }).catch(undefinedWithoutSearch);
    const newest = rows?.at(-1);
    if (rows === undefined || newest === undefined) return undefined;
    const covering = newest.index < view.head.size ? view : await this.view(newest.index);
    const entries: PolicyEntry[] = [];
    for (const row of rows) {
      const known = this.#policies.get(row.id);
      const entry = known?.index === row.index ? known : await policyEntry(covering, row);
      this.#policies.set(row.id, entry);
      entries.push(entry);
    }
    return PolicyHistory.of(view.opened.checkpoint.origin, entries, this.verify);
  }

  /** The registration policy in force; undefined for a log without one. */
  async policy(view: LogView): Promise<Policy | undefined> {
    return (await this.policies(view))?.inForce;
  }

  /** Examines evidence. Refuses what the first failed check refuses, since the log's answer is wrong then. */
  assertVerified(evidence: Evidence): Examination {
    const examination = examine(evidence, this.trust, this.verify);
    for (const { refusal } of examination.checks) if (refusal !== undefined) throw refusal;
    if (examination.verified) return examination;
    throw refuse(
      'proof-failed',
      'the log gave nothing that shows the entry in it; keep the statement and ask again',
    );
  }

  /**
   * Collects the evidence of an entry from its receipt: its place under a checkpoint, and the policy before it. Refuses
   * `proof-failed` if the receipt names a place that holds another entry. `onStep`: called with the name of the check
   * (examine.ts) whose evidence is read next.
   */
  async collect(
    id: EntryId,
    receipt: Uint8Array,
    onStep: (check: 'receipt' | 'checkpoint' | 'inclusion' | 'policy') => void = () => undefined,
  ): Promise<Collected> {
    onStep('receipt');
    const [proof] = decodeReceipt(receipt).inclusion;
    if (proof === undefined) throw refuse('malformed-receipt', 'the receipt holds no inclusion proof');
    onStep('checkpoint');
    const view = await this.view(proof.index);
    onStep('inclusion');
    const entry = await view.entry(proof.index);
    onStep('receipt');
    if (entryIdOf(entry.bytes) !== id) {
      throw refuse('proof-failed', `the receipt says entry ${proof.index}, and that is another entry`);
    }
    onStep('policy');
    // Entry 0 is the policy under which it was admitted itself.
    const before = Math.max(1, entry.index);
    const policy = await this.newest(view, { kind: 'policy', before });
    const keys = namesKeyOf(policy, receipt) ? undefined : await this.newest(view, { kind: 'policy' });
    const evidence = {
      entry: entry.bytes,
      receipts: [receipt],
      proof: entry.proof,
      policy: policy && { entry: policy.bytes, proof: policy.proof },
      keys: keys && { entry: keys.bytes, proof: keys.proof },
    };
    return { evidence, receipt, entry, id };
  }
}

/** The options that concern the outside world: `fetch`, clock, waiting. */
function transportOf({
  fetch,
  now,
  sleep,
  random,
  timeoutMs,
  waitUntil,
  patienceMs,
}: ClientOptions): Transport {
  return {
    fetch,
    now,
    ...(sleep && { sleep }),
    ...(random && { random }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(waitUntil !== undefined && { waitUntil }),
    ...(patienceMs !== undefined && { patienceMs }),
  };
}

/** Reads an entry that the search lists as a policy. Refuses `proof-failed` if another entry is there. */
async function policyEntry(view: LogView, { index, id }: Found): Promise<PolicyEntry> {
  const { bytes } = await view.entry(index);
  if (entryIdOf(bytes) !== id)
    throw refuse('proof-failed', `the log named entry ${index} by the wrong id; do not rely on its search`);
  return { index, id, parsed: parseStatement(bytes) };
}

/**
 * Whether a policy entry names the key of a receipt. True for a log without policies, since no later policy can name
 * it.
 */
function namesKeyOf(entry: ProvenEntry | undefined, receipt: Uint8Array): boolean {
  const parsed = entry && parseStatement(entry.bytes);
  if (parsed?.kind !== 'policy') return true;
  const { kid } = decodeReceipt(receipt);
  return parsed.policy.document.log.receiptKeys.some((key) => equalBytes(keyThumbprint(key), kid));
}

/** Undefined in place of `not-found`: a log of other software has no search. */
function undefinedWithoutSearch(error: unknown): undefined {
  if (error instanceof Refusal && error.code === 'not-found') return undefined;
  throw error;
}
