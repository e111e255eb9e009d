/** The copy of a watched log as its search API reads it; before there is one, every read says so. */
import { refuse } from '../bytes/refusal.ts';
import type { LogReader } from '../log/ports.ts';
import type { LogWatch } from './logwatch.ts';

/** A reader that is there from the start. */
export function watchReader(watch: LogWatch): LogReader {
  const reader = (): LogReader => {
    const { followed } = watch;
    if (followed !== undefined) return followed.reader;
    throw refuse('not-yet', `nothing of ${watch.origin} is copied yet; ask again in a moment`);
  };
  return {
    head: () => reader().head(),
    checkpoint: () => reader().checkpoint(),
    published: async (index, timeoutMs) => reader().published(index, timeoutMs),
    tile: async (level, index, width) => reader().tile(level, index, width),
    bundle: async (index, width) => reader().bundle(index, width),
    entry: async (key) => reader().entry(key),
    entries: async (start, end) => reader().entries(start, end),
    find: async (id) => reader().find(id),
    findLeaf: async (leaf) => reader().findLeaf(leaf),
    search: async (query) => reader().search(query),
    root: async (size) => reader().root(size),
    inclusion: async (index, size) => reader().inclusion(index, size),
    consistency: async (from, to) => reader().consistency(from, to),
    receipt: async (index) => reader().receipt(index),
    tlogProof: async (index) => reader().tlogProof(index),
  };
}
