/** A store as an audit source: its tiles and entries as they would be served, and its index rows. */
import { refuse } from '../bytes/refusal.ts';
import { parseStatement } from '../statement/parse.ts';
import { decodeBundle } from '../tree/bundle.ts';
import type { AuditOptions, AuditSource } from './audit.ts';
import type { Head, StoreReader } from './ports.ts';

/** The tree of `head` of the log `origin`, read from the store. */
export function storeSource(store: StoreReader, head: Head, origin: string): AuditSource {
  return {
    origin,
    size: head.size,
    root: head.root,
    async tile(level, index, width) {
      const hashes = await store.tile(level, index, width);
      if (hashes === undefined)
        throw refuse('corrupt-store', `tile ${level}/${index} of width ${width} is missing`);
      return hashes;
    },
    async bundle(index, width) {
      const bytes = await store.bundle(index, width);
      if (bytes === undefined) throw refuse('corrupt-store', `entries of bundle ${index} are missing`);
      return decodeBundle(bytes, width);
    },
  };
}

/**
 * The parts of a store that no tile shows: index rows, on which duplicates and searches depend, and heads of chains.
 */
export function indexAudit(
  store: StoreReader,
  head: Head,
): Required<Pick<AuditOptions, 'onEntry' | 'onChains'>> {
  return {
    async onEntry(index, id, bytes) {
      const row = await store.find(id);
      if (row?.index !== index) return ['the index does not find the entry by its id'];
      const { kind, subject, issuer, kid } = parseStatement(bytes);
      const same = row.kind === kind && row.subject === subject && row.issuer === issuer && row.kid === kid;
      return same ? [] : ['the index row differs from the statement'];
    },
    async onChains(chains) {
      const wrong: string[] = [];
      for (const [key, link] of chains) {
        const stored = await store.chain(key);
        if (stored?.seq !== link.seq || stored.id !== link.id)
          wrong.push(`the chain "${key}" is stored with another head`);
      }
      const { chains: stored, entries } = await store.extent();
      // A chain of a subject without entries would make the log refuse the subject's first commitment.
      if (stored > chains.size)
        wrong.push(`${stored - chains.size} chains are stored that no entry continues: restore a backup`);
      if (entries > head.size)
        wrong.push(`entries are stored up to ${entries}, beyond the head of ${head.size}: restore a backup`);
      return wrong;
    },
  };
}
