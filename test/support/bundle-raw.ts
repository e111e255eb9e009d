/**
 * Bundles by hand. `handMade` makes one of any entries of a story, also of those that no log may admit: its entries, heads,
 * proof, manifest and container fit, and its summaries are empty. `refitted` changes files of a bundle and makes manifest and
 * container fit.
 */
import { shownBy } from '#src/audit/bundle/proof.ts';
import { bundleEntry, type BundleEntry } from '#src/audit/bundle/entries.ts';
import { manifestFiles, readManifest, type Scope } from '#src/audit/bundle/manifest.ts';
import * as names from '#src/audit/bundle/names.ts';
import { csvFile } from '#src/audit/bundle/text.ts';
import { readContainer } from '#src/audit/zip/read.ts';
import { writeContainer, type Files } from '#src/audit/zip/write.ts';
import { entryId, treeSize } from '#src/bytes/brand.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import type { LogClient } from '#src/client/client.ts';
import { openClient } from '#src/client/client.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { parseCheckpoint } from '#src/note/checkpoint.ts';
import { parseNote } from '#src/note/note.ts';
import { canonicalPolicy } from '#src/note/trust-text.ts';
import { encodeBundle } from '#src/tree/bundle.ts';
import { proveMany } from '#src/tree/multi.ts';
import { BOTH_WITNESSES, DAY, ORIGIN, type PastStory } from './past-story.ts';
import { BASE, ServedLog } from './served-log.ts';
import { entryIdOf } from './world.ts';

export const storyTrust = trustPolicy(encodeUtf8(canonicalPolicy(BOTH_WITNESSES)));

/** A reader of a story. Default: who asks for both witnesses. */
export function readerOf(story: PastStory, trust = storyTrust): LogClient {
  const log = new ServedLog();
  log.entries = story.entries;
  log.meddle = async (path) => {
    if (path === '/checkpoint') {
      const note = await story.note(story.entries.length, [story.now + 1, story.now + 3]);
      return new Response(Buffer.from(note));
    }
    if (!path.startsWith('/v1/search')) return undefined;
    const asked = new URL(path, BASE).searchParams;
    const found = story.said
      .map(({ parsed: { subject, kind, kid }, id, time }, index) => ({
        index,
        subject,
        kind,
        kid,
        time,
        id: id.toHex(),
      }))
      .filter(({ index }) => index < Number(asked.get('before') ?? Infinity))
      .filter((row) =>
        (['subject', 'kind', 'kid'] as const).every((n) => (asked.get(n) ?? row[n]) === row[n]),
      )
      .toReversed();
    const entries = found.slice(0, Number(asked.get('limit') ?? 100));
    return Response.json({ entries, next: found.length > entries.length ? entries.at(-1)?.index : null });
  };
  return openClient({ log: BASE, trust, fetch: log.fetch, now: () => story.now * 1000 });
}

export interface ByHand {
  /** Indices of entries that are not in it. */
  readonly without?: readonly number[];
  /** Default: of the whole story, cosigned now. */
  readonly end?: Uint8Array;
  readonly start?: Uint8Array;
  readonly period?: Scope['period'];
  readonly log?: string;
}

const EMPTY = encodeUtf8('{}\n');

/** A bundle of a story. Default: of its whole log, the day before `now`, without a start head. */
export async function handMade(story: PastStory, by: ByHand = {}): Promise<Uint8Array> {
  const { without = [], start, period = { since: story.now - DAY, until: story.now } } = by;
  const end = by.end ?? (await story.note(story.entries.length, [story.now + 1, story.now + 3]));
  const entries = story.entries.map(lenient).filter(({ index }) => !without.includes(index));
  const size = story.entries.length;
  const shown = shownBy(
    entries.filter(({ parsed }) => 'subject' in parsed),
    treeSize(size),
    start && headOf(start).size,
  );
  const proof = proveMany(story.tree(size).read, { ...shown, leaves: entries.map(({ index }) => index) });
  const files = new Map([
    ...[names.KEYS, names.ATTACHMENTS, names.NOT_PROVEN, names.PAGE, names.BY_HAND, names.historyFile(0)].map(
      (name) => [name, EMPTY] as const,
    ),
    ...groupsOf(entries),
    [names.TRUST, encodeUtf8(canonicalPolicy(BOTH_WITNESSES))],
    [names.END_HEAD, end],
    [names.PROOF, concatBytes(...proof)],
    ...(start === undefined ? [] : [[names.START_HEAD, start] as const, [names.CONSISTENCY, EMPTY] as const]),
  ]);
  const heads = { start: start === undefined ? null : headOf(start), end: headOf(end) };
  const asked = { subjects: [story.subject], period, controls: [], monitors: [] };
  return fitted(files, { made_with: '0.0.0', log: by.log ?? ORIGIN, ...asked, heads });
}

function headOf(note: Uint8Array): Scope['heads']['end'] {
  const { size, root } = parseCheckpoint(parseNote(note).text);
  return { size, root: root.toHex(), notice: null };
}

/** An entry, or what no parser takes as one of the kind `other`. */
function lenient(bytes: Uint8Array, index: number): BundleEntry {
  try {
    return bundleEntry(index, bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { index, id: entryId(entryIdOf(bytes)), parsed: { entry: bytes, kind: 'other' } as never };
  }
}

function groupsOf(entries: readonly BundleEntry[]): Files {
  const files = new Map<string, Uint8Array>();
  const lines: (string | number)[][] = [['index', 'file', 'offset', 'length', 'id', 'kind']];
  for (let at = 0; at < entries.length; at += names.GROUP) {
    const group = entries.slice(at, at + names.GROUP);
    const file = names.groupName(at / names.GROUP);
    files.set(`entries/${file}`, encodeBundle(group.map(({ parsed }) => parsed.entry)));
    let offset = 2;
    for (const { index, id, parsed } of group) {
      lines.push([index, file, offset, parsed.entry.length, id, parsed.kind]);
      offset += parsed.entry.length + 2;
    }
  }
  return files.set(names.INDEX, csvFile(lines));
}

/** Manifest and container of some files. */
export function fitted(files: Files, scope: Scope): Uint8Array {
  return writeContainer(new Map([...files, ...manifestFiles(scope, files)]));
}

/** Changes of files; undefined takes one out. */
export type Changes = Readonly<Record<string, Uint8Array | string | undefined>>;

/** A bundle with other files, and a manifest and a container that fit. */
export function refitted(bundle: Uint8Array, changes: Changes, change: Partial<Scope> = {}): Uint8Array {
  const { format: _, version: __, files: ___, ...scope } = readManifest(readContainer(bundle));
  const files = changed(bundle, changes);
  files.delete(names.MANIFEST);
  files.delete(names.SUMS);
  return fitted(files, { ...scope, ...change });
}

/** A bundle with other files: only the container fits. */
export function replaced(bundle: Uint8Array, changes: Changes): Uint8Array {
  return writeContainer(changed(bundle, changes));
}

function changed(bundle: Uint8Array, changes: Changes): Map<string, Uint8Array> {
  const files = new Map(readContainer(bundle));
  for (const [name, content] of Object.entries(changes))
    if (content === undefined) files.delete(name);
    else files.set(name, typeof content === 'string' ? encodeUtf8(content) : content);
  return files;
}
