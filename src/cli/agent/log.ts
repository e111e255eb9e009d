/** The agent's log, as the command line reaches it: everything read through a `Session`, and so verified. */
import type { EntryId } from '../../bytes/brand.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { AgentLog, Taken } from '../../agent/log.ts';
import type { Head } from '../../agent/ledger.ts';
import { entryIdOf, submitStatement } from '../../client/scrapi.ts';
import { findAll, findNewest, type Listed, type Wanted } from '../../client/search.ts';
import type { LogView } from '../../client/view.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { decodeReceipt, verifyReceipt } from '../../cose/receipt.ts';
import { decodeSign1 } from '../../cose/sign1.ts';
import { entryBytes } from '../../cose/statement.ts';
import { TRANSPARENT_LIMITS } from '../../cose/transparent.ts';
import type { PublicKey } from '../../sign/algorithm.ts';
import type { Policy } from '../../statement/policy.ts';
import type { Session } from '../session.ts';

export class SessionLog implements AgentLog {
  readonly #session: Session;
  #view: LogView | undefined;
  #policy:
    | { readonly size: number; readonly id: EntryId | undefined; readonly policy: Policy | undefined }
    | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  async head(): Promise<Head> {
    this.#view = await this.#session.view();
    const { origin, size, root } = this.#view.opened.checkpoint;
    return { origin, size, root };
  }

  list(wanted: Wanted): Promise<readonly Listed[]> {
    return findAll(this.#session.transport, this.#session.log, wanted);
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
    const view = this.#view ?? (await this.#session.view());
    this.#view = view;
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
    const { id, receipt: bytes } = await submitStatement(
      this.#session.transport,
      this.#session.log,
      statement,
    );
    const receipt = decodeReceipt(bytes);
    const key = await this.#receiptKey(receipt.kid);
    const { index } = verifyReceipt(
      receipt,
      entryBytes(decodeSign1(statement, TRANSPARENT_LIMITS)),
      key,
      this.#session.verify,
    );
    return { id, index, receipt: bytes };
  }

  /** The key that signed a receipt; the policy is read again when it does not name it. */
  async #receiptKey(kid: Uint8Array): Promise<PublicKey> {
    for (const fresh of [false, true]) {
      if (fresh) this.#view = await this.#session.view();
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
    this.#view = await this.#session.view(index);
    return this.#view;
  }
}
