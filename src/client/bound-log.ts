/**
 * A connection to one log that lasts for months, as an agent needs it. It keeps the newest view, and fetches another
 * only when that does not cover what is asked for; it reads the policy again when that changed; it refuses another log
 * at the same address.
 */
import { clockOf } from '../appraisal/clock.ts';
import type { EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';
import type { ReceiptSigner } from '../cose/receipt.ts';
import { originOf } from '../note/trust.ts';
import type { Policy } from '../statement/policy.ts';
import type { LogClient } from './client.ts';
import type { BoundHead, LoggedAs, LogPort } from './log-port.ts';
import { acknowledge, receiptSigners } from './receipts.ts';
import { entryIdOf, submitStatement } from './scrapi.ts';
import { findNewest, findPages, type Listed, type Page, type Wanted } from './search.ts';
import type { LogView } from './view.ts';

/** The log that the connection belongs to. */
export interface Bound {
  /** Origin of the log. If undefined, the first log that answers becomes the one. */
  readonly origin: string | undefined;
  /** For the message about another log: who is bound to this one, and which option binds another. */
  readonly who: string;
  readonly remedy?: Remedy;
}

export class BoundLog implements LogPort {
  readonly #client: LogClient;
  readonly #bound: Bound;
  /** Origin of the log; undefined until it answers, if the caller did not name it. */
  #origin: string | undefined;
  #view: LogView | undefined;
  #policy:
    | { readonly size: number; readonly id: EntryId | undefined; readonly policy: Policy | undefined }
    | undefined;

  /** Refuses `config-invalid` if the client trusts only other logs. */
  constructor(client: LogClient, bound: Bound) {
    this.#client = client;
    this.#bound = bound;
    this.#origin = bound.origin;
    const trusted = client.trust.policy.logs.map(originOf);
    if (this.#origin !== undefined && !trusted.includes(this.#origin))
      throw this.#foreign(this.#origin, trusted.join(', '));
  }

  async head(): Promise<BoundHead> {
    const { opened } = await this.#look();
    const { origin, size, root } = opened.checkpoint;
    return { origin, size, root, signed: clockOf(opened, this.#client.trust.policy, 0).headTime };
  }

  pages(wanted: Wanted): AsyncIterable<Page> {
    return findPages(this.#client.transport, this.#client.log, wanted);
  }

  /** Reads an entry, proven to be in the tree and signed by a key that the policy before it allows. */
  async entry({ index, id }: Listed): Promise<Uint8Array> {
    const view = await this.#covering(index);
    const entry = await view.entry(index);
    if (entryIdOf(entry.bytes) !== id)
      throw refuse('proof-failed', `the log lists entry ${index} by the wrong id; do not rely on its search`);
    const before = await this.#client.newest(view, { kind: 'policy', before: Math.max(1, index) });
    this.#client.assertVerified({
      entry: entry.bytes,
      receipts: [],
      proof: entry.proof,
      policy: before && { entry: before.bytes, proof: before.proof },
    });
    return entry.bytes;
  }

  async policy(): Promise<Policy | undefined> {
    const view = this.#view ?? (await this.#look());
    const { size } = view.head;
    if (this.#policy?.size === size) return this.#policy.policy;
    const id = (await findNewest(this.#client.transport, this.#client.log, { kind: 'policy' }))?.id;
    // A policy that was proven to be in the tree once is in every later tree. It is not read again, since its bundle
    // may have hundreds of kilobytes.
    const isKnown = this.#policy !== undefined && id === this.#policy.id;
    const policy = isKnown ? this.#policy?.policy : await this.#client.policy(view);
    this.#policy = { size, id, policy };
    return policy;
  }

  async submit(statement: Uint8Array): Promise<LoggedAs> {
    const { transport, log, verify } = this.#client;
    const registration = await submitStatement(transport, log, statement);
    try {
      return acknowledge(registration, await this.#signers(false), verify);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'unknown-signer') throw error;
      return acknowledge(registration, await this.#signers(true), verify);
    }
  }

  /** The keys that may sign receipts, by the policy that was read last; with `fresh`, by the newest policy. */
  async #signers(fresh: boolean): Promise<readonly ReceiptSigner[]> {
    const view = fresh ? await this.#look() : (this.#view ?? (await this.#look()));
    if (fresh) this.#policy = undefined;
    const { origin } = view.opened.checkpoint;
    return receiptSigners(this.#client.trust, origin, await this.policy());
  }

  async #covering(index: number): Promise<LogView> {
    const view = this.#view;
    if (view !== undefined && index < view.head.size) return view;
    return this.#look(index);
  }

  /** Fetches a new view. Refuses `config-invalid` if it is of another log. */
  async #look(covering?: number): Promise<LogView> {
    const view = await this.#client.view(covering);
    const { origin } = view.opened.checkpoint;
    this.#origin ??= origin;
    if (origin !== this.#origin) throw this.#foreign(this.#origin, origin);
    this.#view = view;
    return view;
  }

  /** The refusal of another log: otherwise stored data of the one log would be used for the other. */
  #foreign(kept: string, other: string): Refusal {
    const { who, remedy } = this.#bound;
    return refuse(
      'config-invalid',
      `${who} serves the log ${kept}, and this one is ${other}; give each log a directory of its own`,
      { remedy },
    );
  }
}
