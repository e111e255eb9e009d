/**
 * The notices that a monitor logs with a key of its own (spec/audit.md): witnessed heads, where the log does not log them
 * in time, and once a day an inventory of each subject that changed. What it says, it has read, and verified. A failure is
 * told once and tried again; it never ends a look.
 */
import { isAway } from '../bytes/nature.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { kidOf } from '../cose/key.ts';
import type { ReceiptSigner } from '../cose/receipt.ts';
import { acknowledge, acknowledgeAll, postAll } from '../client/receipts.ts';
import { submitStatement } from '../client/scrapi.ts';
import type { Transport } from '../client/transport.ts';
import type { LogReader } from '../log/ports.ts';
import { leafIndex } from '../bytes/brand.ts';
import type { Noticed } from '../notary/due.ts';
import { Notary, notaryTrust } from '../notary/notary.ts';
import { issuerOf } from '../registration/issuer.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { Signer } from '../sign/signer.ts';
import type { Notice } from '../statement/notice.ts';
import { encodeNotice } from '../statement/payload.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { signOwn } from '../statement/sign.ts';
import type { Inventories } from './inventories.ts';
import type { SeenHead, Trust } from './head.ts';

const DAY = 86_400;

/** Seconds by which a monitor is later than the log: 15 minutes, and up to 15 more by its key. */
const LATENESS = 900;

/** Inventories that are logged at one look. */
const MOST_AT_ONCE = 64;

/** Seconds until failed inventories are tried again. */
const RETRY = 600;

export interface NoticingParts {
  readonly url: string;
  readonly trust: Trust;
  readonly transport: Transport;
  readonly signer: Signer;
  readonly inventories: Inventories;
  /** Inventories of what changed are logged at the first look, all of them, whatever the hour. */
  readonly inventoriesNow?: boolean | undefined;
  /** POSIX seconds. */
  readonly now: () => number;
  readonly onWarning: (text: string) => void;
}

/** What was read of the log: its newest head, and a copy of all entries below it. */
export interface Read {
  readonly head: SeenHead;
  readonly reader: LogReader;
}

/** What a monitor says of the notices that it logs. */
export interface NoticesStatus {
  /** Notices that were logged since the start; attempts that failed. */
  readonly written: number;
  readonly failures: number;
  /** Why the last attempt failed; undefined if it did not. */
  readonly fault: string | undefined;
  /** The newest witnessed head in the log, whoever logged it: only if the log is late, a monitor logs the next. */
  readonly witnessed: Noticed | undefined;
  /** The newest inventory that was logged since the start. `time`: POSIX seconds; `size`: of the tree that it counts. */
  readonly inventory: { readonly subject: string; readonly size: number; readonly time: number } | undefined;
}

export class MonitorNotices {
  readonly #parts: NoticingParts;
  readonly #kid: string;
  readonly #policy: TrustPolicy | undefined;
  #read: Read | undefined;
  #notary: Notary | undefined;
  #fault: string | undefined;
  #retryAt = 0;
  #written = 0;
  #failures = 0;
  #inventory: NoticesStatus['inventory'];
  #hasLooked = false;

  constructor(parts: NoticingParts) {
    this.#parts = parts;
    this.#kid = kidOf(parts.signer.publicKey);
    this.#policy = notaryTrust(parts.trust.policy);
    if (this.#policy === undefined)
      parts.onWarning(
        `${parts.trust.origin}: no witnessed heads are logged: the trust policy names no witnesses`,
      );
  }

  get status(): NoticesStatus {
    const notary = this.#notary?.status;
    return {
      written: this.#written,
      failures: this.#failures + (notary?.failures ?? 0),
      fault: this.#fault ?? notary?.fault,
      witnessed: notary?.last,
      inventory: this.#inventory,
    };
  }

  /** Logs what is due after a look at the log. Never rejects. */
  async step(read: Read): Promise<void> {
    this.#read = read;
    const { origin } = this.#parts.trust;
    try {
      const policy = await policyIn(read.reader);
      const mine = policy.keys.get(this.#kid);
      if (mine?.enrolled.roles.includes('monitor') !== true)
        throw refuse(
          'unknown-key',
          `key ${this.#kid} is not enrolled in the role monitor; ask an admin to enrol it`,
        );
      if (mine.allows(origin)) {
        this.#notary ??= this.#makeNotary(read.reader);
        await this.#notary?.step();
      }
      await this.#sayInventories(read, policy, mine.allows);
      this.#fault = undefined;
    } catch (error) {
      this.#tell(error);
    }
  }

  #makeNotary(reader: LogReader): Notary | undefined {
    const { trust, now, onWarning } = this.#parts;
    const policy = this.#policy;
    if (policy === undefined) return undefined;
    return new Notary({
      origin: trust.origin,
      trust: () => policy,
      reader,
      head: () => this.#read?.head.note,
      log: (note) => this.#logWitnessed(note),
      now,
      lateness: LATENESS + (Number.parseInt(this.#kid.slice(0, 4), 16) * LATENESS) / 0xffff,
      verify: trust.verify,
      onWarning: (text) => onWarning(`${trust.origin}: ${text}`),
    });
  }

  async #logWitnessed(note: Uint8Array): Promise<number> {
    const { transport, url, trust } = this.#parts;
    if (this.#read === undefined) throw new Error('nothing was read');
    const policy = await policyIn(this.#read.reader);
    const statement = await this.#sign(policy, trust.origin, { topic: 'witnessed', note });
    const registration = await submitStatement(transport, url, statement);
    this.#written++;
    return acknowledge(registration, signersOf(trust, policy), trust.verify).index;
  }

  async #sayInventories(read: Read, policy: Policy, allows: (subject: string) => boolean): Promise<void> {
    const { inventories, now, trust, onWarning, inventoriesNow = false } = this.#parts;
    const atOnce = inventoriesNow && !this.#hasLooked;
    this.#hasLooked = true;
    const { reader, head } = read;
    const { size } = head.opened.checkpoint;
    if (now() < this.#retryAt) return;
    if (atOnce || now() >= inventories.queuedAt + DAY) {
      const left = await inventories.queueChanged(reader, size, now(), allows);
      if (left > 0) onWarning(`${trust.origin}: ${left} subjects get no inventory: too many are counted`);
    }
    for (let subjects = inventories.queued(MOST_AT_ONCE); subjects.length > 0;) {
      await this.#sayThese(read, policy, subjects);
      subjects = atOnce ? inventories.queued(MOST_AT_ONCE) : [];
    }
  }

  async #sayThese({ head, reader }: Read, policy: Policy, subjects: readonly string[]): Promise<void> {
    const { inventories, trust } = this.#parts;
    const { size, root } = head.opened.checkpoint;
    const checkpoint = { origin: trust.origin, size, root };
    const counts = await Promise.all(subjects.map((each) => inventories.count(reader, each, size)));
    const said = subjects.map((subject, i) => ({ subject, counted: must(counts[i]) }));
    const statements = await Promise.all(
      said.map(({ subject, counted: { count, hash } }) =>
        this.#sign(policy, subject, { topic: 'inventory', checkpoint, count, hash }),
      ),
    );
    await this.#submitAll(policy, statements, (i) => {
      const { subject, counted } = must(said[i]);
      inventories.said(subject, counted);
      this.#inventory = { subject, size, time: this.#parts.now() };
    });
  }

  /** Refuses as the first statement that the log refused; what was logged before is told to `onLogged`. */
  async #submitAll(
    policy: Policy,
    statements: readonly Uint8Array[],
    onLogged: (i: number) => void,
  ): Promise<void> {
    const { transport, url, trust } = this.#parts;
    const answers = await postAll(transport, url, statements);
    const all = acknowledgeAll(statements, answers, signersOf(trust, policy), trust.verify);
    let refusal: Refusal | undefined;
    for (const [i, each] of all.entries()) {
      if (each.kind === 'refused') refusal ??= each.refusal;
      else {
        this.#written++;
        onLogged(i);
      }
    }
    if (refusal !== undefined) throw refusal;
  }

  #sign(policy: Policy, subject: string, notice: Notice): Promise<Uint8Array> {
    const { signer, trust } = this.#parts;
    const issuer = issuerOf(policy, signer.publicKey);
    const headers = { kind: 'notice', log: trust.origin, issuer, subject, confirm: true } as const;
    return signOwn(headers, encodeNotice(notice), signer);
  }

  #tell(error: unknown): void {
    const { now, trust, onWarning } = this.#parts;
    const why = error instanceof Error ? error.message : String(error);
    const fault = `no notice could be logged (${error instanceof Refusal ? error.code : 'failed'}): ${why}`;
    this.#failures++;
    this.#retryAt = now() + RETRY;
    // A log that is away is told of elsewhere.
    if (fault !== this.#fault && !isAway(error)) onWarning(`${trust.origin}: ${fault}`);
    this.#fault = fault;
  }
}

/** The newest policy in the copy. It never enrols a key that was revoked. */
async function policyIn(reader: LogReader): Promise<Policy> {
  const { rows } = await reader.search({ kind: 'policy', limit: 1 });
  const [newest] = rows;
  if (newest === undefined)
    throw refuse('not-found', 'the log has no registration policy, so it takes no notices');
  const parsed = parseStatement((await reader.entry(leafIndex(newest.index))).bytes);
  if (parsed.kind !== 'policy')
    throw refuse('corrupt-store', `entry ${newest.index} of the copy is no policy`);
  return parsed.policy;
}

function signersOf({ origin }: Trust, { document }: Policy): readonly ReceiptSigner[] {
  return document.log.receiptKeys.map((key) => ({ log: origin, key }));
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('one inventory a subject');
  return value;
}
