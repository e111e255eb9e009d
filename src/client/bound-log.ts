/**
 * One log, as somebody who goes on for months works with it: an agent. The newest view is kept and asked for again where it
 * does not reach, the policy is read again where it changed, and another log in this one's place is refused.
 */
import { clockOf } from '../appraisal/clock.ts';
import type { EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { ReceiptSigner } from '../cose/receipt.ts';
import { originOf } from '../note/trust.ts';
import type { Policy } from '../statement/policy.ts';
import type { LogClient } from './client.ts';
import type { BoundHead, LoggedAs, LogPort } from './log-port.ts';
import { acknowledge, receiptSigners } from './receipts.ts';
import { entryIdOf, submitStatement } from './scrapi.ts';
import { findNewest, findPages, type Listed, type Page, type Wanted } from './search.ts';
import type { LogView } from './view.ts';

/** Which log it is. */
export interface Bound {
  /** Its origin; undefined: the first one that answers. */
  readonly origin: string | undefined;
  /** Who is bound to it, for messages, and what to do about another log; half a sentence each. */
  readonly who: string;
  readonly advice: string;
}

export class BoundLog implements LogPort {
  readonly #client: LogClient;
  readonly #bound: Bound;
  /** The log that it is; undefined until it answers, where nothing says so. */
  #origin: string | undefined;
  #view: LogView | undefined;
  #policy:
    | { readonly size: number; readonly id: EntryId | undefined; readonly policy: Policy | undefined }
    | undefined;

  /** Refuses `config-invalid` where only other logs are trusted. */
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

  /** In the tree, and signed by whom the policy before it let. */
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
    // Shown to be in the tree once, it is in every later one; its bundle may be hundreds of kilobytes.
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

  /** Who signs receipts, by the policy as it was read last; `fresh`: by the newest. */
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

  /** A new view. Refuses `config-invalid` for one of another log. */
  async #look(covering?: number): Promise<LogView> {
    const view = await this.#client.view(covering);
    const { origin } = view.opened.checkpoint;
    this.#origin ??= origin;
    if (origin !== this.#origin) throw this.#foreign(this.#origin, origin);
    this.#view = view;
    return view;
  }

  /** What is kept of the one log would be taken for the other's. */
  #foreign(kept: string, other: string): Refusal {
    const { who, advice } = this.#bound;
    return refuse(
      'config-invalid',
      `${who} serves the log ${kept}, and this one is ${other}; give each log ${advice}`,
    );
  }
}
