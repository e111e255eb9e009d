/** Finds an entry of a log by its entry id, by its index, or by a URL that ends in one of them. */
import { isEntryId } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { parseDecimal } from '../bytes/text.ts';
import type { Collected } from './log-statement.ts';
import { entryIdOf, fetchReceipt } from './scrapi.ts';
import type { Transport } from './transport.ts';
import type { LogView } from './view.ts';

/** An entry with its evidence. A server that has only tiles gives no receipt and names no policy. */
export type FoundEntry = Omit<Collected, 'receipt'> & { readonly receipt: Uint8Array | undefined };

/** The parts of a client that finding an entry needs. */
export interface Finder {
  readonly transport: Transport;
  /** Base URL of the log. */
  readonly log: string;
  view(): Promise<LogView>;
  collect(id: Collected['id'], receipt: Uint8Array): Promise<Collected>;
}

/** Refuses `bad-locator`, and `not-found` for an id that the server does not know. */
export async function findEntry(client: Finder, text: string): Promise<FoundEntry> {
  const name =
    URL.parse(text)
      ?.pathname.split('/')
      .findLast((segment) => segment !== '') ?? text;
  if (isEntryId(name)) {
    const receipt = await receiptOf(client, name);
    if (receipt !== undefined) return client.collect(name, receipt);
    const tiles =
      'a mirror, or another host of tiles alone, finds entries by index, which the log and monitors tell';
    throw refuse('not-found', `${client.log} knows no entry ${name}; ${tiles}`);
  }
  if (!/^[0-9]{1,16}$/.test(name)) {
    throw refuse(
      'bad-locator',
      `${printable(text)} is neither an entry id of 64 hex digits nor an index; those of a subject are in \`registry show\`, \`why\` and \`history\``,
    );
  }
  const entry = await (await client.view()).entry(parseDecimal(name));
  const id = entryIdOf(entry.bytes);
  const receipt = await receiptOf(client, id);
  if (receipt !== undefined) return client.collect(id, receipt);
  const evidence = { entry: entry.bytes, receipts: [], proof: entry.proof, policy: undefined };
  return { id, entry, receipt, evidence };
}

/** The receipt of an entry; undefined if the server has none. */
async function receiptOf({ transport, log }: Finder, id: string): Promise<Uint8Array | undefined> {
  try {
    return await fetchReceipt(transport, log, id);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-found') return undefined;
    throw error;
  }
}
