/** The agent's log, as the command line reaches it: everything read through a `LogClient`, and so verified. */
import { originOf } from '../../note/trust.ts';
import type { EntryId } from '../../bytes/brand.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import type { AgentLog, SignedHead, Taken } from '../../agent/log.ts';
import { clockOf } from '../../appraisal/clock.ts';
import { entryIdOf, submitStatement } from '../../client/scrapi.ts';
import { findNewest, findPages, type Listed, type Page, type Wanted } from '../../client/search.ts';
import type { LogView } from '../../client/view.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { decodeReceipt, verifyReceipt } from '../../cose/receipt.ts';
import type { PublicKey } from '../../sign/algorithm.ts';
import type { Policy } from '../../statement/policy.ts';
import type { LogClient } from '../../client/client.ts';

export class SessionLog implements AgentLog {
  readonly #session: LogClient;
  readonly #dir: string | undefined;
  /** The log that it is; undefined until it answers, where no directory says so. */
  #origin: string | undefined;
  #view: LogView | undefined;
  #policy:
    | { readonly size: number; readonly id: EntryId | undefined; readonly policy: Policy | undefined }
    | undefined;

  /** `kept`: what an agent's directory holds of a log. Refuses `config-invalid` where only others are trusted. */
  constructor(session: LogClient, kept?: { readonly dir: string; readonly origin: string | undefined }) {
    this.#session = session;
    this.#dir = kept?.dir;
    this.#origin = kept?.origin;
    const trusted = session.trust.policy.logs.map(originOf);
    if (this.#origin !== undefined && !trusted.includes(this.#origin))
      throw this.#foreign(this.#origin, trusted.join(', '));
  }

  async head(): Promise<SignedHead> {
    const { opened } = await this.#look();
    const { origin, size, root } = opened.checkpoint;
    return { origin, size, root, signed: clockOf(opened, this.#session.trust.policy, 0).headTime };
  }

  pages(wanted: Wanted): AsyncIterable<Page> {
    return findPages(this.#session.transport, this.#session.log, wanted);
  }

  /** In the tree, and signed by whom the policy before it let. */
  async entry({ index, id }: Listed): Promise<Uint8Array> {
    const view = await this.#covering(index);
    const entry = await view.entry(index);
    if (entryIdOf(entry.bytes) !== id)
      throw refuse('proof-failed', `the log lists entry ${index} by the wrong id; do not rely on its search`);
    const before = await this.#session.newest(view, { kind: 'policy', before: Math.max(1, index) });
    this.#session.assertVerified({
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
    const id = (await findNewest(this.#session.transport, this.#session.log, { kind: 'policy' }))?.id;
    // Shown to be in the tree once, it is in every later one; its bundle may be hundreds of kilobytes.
    const isKnown = this.#policy !== undefined && id === this.#policy.id;
    const policy = isKnown ? this.#policy?.policy : await this.#session.policy(view);
    this.#policy = { size, id, policy };
    return policy;
  }

  async submit(statement: Uint8Array): Promise<Taken> {
    const { transport, log } = this.#session;
    const { id, entry, receipt: bytes } = await submitStatement(transport, log, statement);
    const receipt = decodeReceipt(bytes);
    const key = await this.#receiptKey(receipt.kid);
    const { origin } = (this.#view ?? (await this.#look())).opened.checkpoint;
    const { index } = verifyReceipt(receipt, entry, { log: origin, key }, this.#session.verify);
    return { id, entry, index, receipt: bytes };
  }

  /** The key that signed a receipt; the policy is read again when it does not name it. */
  async #receiptKey(kid: Uint8Array): Promise<PublicKey> {
    for (const fresh of [false, true]) {
      if (fresh) await this.#look();
      if (fresh) this.#policy = undefined;
      const policy = await this.policy();
      const keys = [...this.#session.trust.receiptKeys, ...(policy?.document.log.receiptKeys ?? [])];
      const key = keys.find((each) => equalBytes(keyThumbprint(each), kid));
      if (key !== undefined) return key;
    }
    throw refuse('unknown-signer', 'the receipt is signed with a key that the policy does not name');
  }

  async #covering(index: number): Promise<LogView> {
    const view = this.#view;
    if (view !== undefined && index < view.head.size) return view;
    return this.#look(index);
  }

  /** A new view. Refuses `config-invalid` for one of another log. */
  async #look(covering?: number): Promise<LogView> {
    const view = await this.#session.view(covering);
    const { origin } = view.opened.checkpoint;
    this.#origin ??= origin;
    if (origin !== this.#origin) throw this.#foreign(this.#origin, origin);
    this.#view = view;
    return view;
  }

  /** What is kept of the one log would be taken for the other's. */
  #foreign(kept: string, other: string): Refusal {
    return refuse(
      'config-invalid',
      `${this.#dir ?? 'this run'} serves the log ${kept}, and this one is ${other}; give each log a directory of its own ` +
        'with --agent-dir',
    );
  }
}
