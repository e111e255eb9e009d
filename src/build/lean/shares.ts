/** Which source each byte of a bundle comes from, by its source map. */
import { SourceMap } from 'node:module';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { OutputChunk } from '@rollup/wasm-node';

/** What of one file comes from a group of sources: a package, or a room of src/. */
export interface Share {
  readonly file: string;
  readonly group: string;
  readonly bytes: number;
  /** By how much the file, gzipped, is larger than without it. The shares of a file add up to less than the file. */
  readonly gzip: number;
}

/** A module of a first bundle, by its first line in its chunk, counted from 0. */
interface Placed {
  readonly line: number;
  readonly id: string;
}

/** Where modules stand in the chunks of a first bundle, by the name of the chunk. */
export type Places = ReadonlyMap<string, readonly Placed[]>;

/** The places of a first bundle's modules; lines before the first of a chunk are the bundler's own. */
export function placesIn(chunks: readonly OutputChunk[]): Places {
  return new Map(chunks.map((each) => [each.fileName, placedIn(each)]));
}

function placedIn({ code, modules }: OutputChunk): readonly Placed[] {
  const placed: Placed[] = [];
  let at = 0;
  for (const [id, { code: own }] of Object.entries(modules)) {
    const found = own === null || own === '' ? -1 : code.indexOf(own, at);
    if (own === null || found < 0) continue;
    placed.push({ line: code.slice(0, found).split('\n').length - 1, id });
    at = found + own.length;
  }
  return placed;
}

/** The shares of a file that was made of a first bundle whose lines are where they were. */
export function sharesOf(
  { fileName, code, map }: OutputChunk,
  places: Places,
  groupOf: (id: string) => string,
): readonly Share[] {
  if (map === null) throw new Error(`${fileName} has no source map`);
  const { version, sources, names, mappings } = map;
  const payload = { file: fileName, version, sources, names, mappings, sourceRoot: '', sourcesContent: [] };
  const groups = groupsIn(code, new SourceMap(payload), places, groupOf);
  const whole = gzipSync(code, { level: 9 }).length;
  return [...new Set(groups)].map((group) => {
    let [own, rest] = ['', ''];
    for (const [i, each] of groups.entries()) {
      if (each === group) own += code[i];
      else rest += code[i];
    }
    return {
      file: fileName,
      group,
      bytes: Buffer.byteLength(own),
      gzip: whole - gzipSync(rest, { level: 9 }).length,
    };
  });
}

/** The group of each UTF-16 unit of a file. */
function groupsIn(
  code: string,
  map: SourceMap,
  places: Places,
  groupOf: (id: string) => string,
): readonly string[] {
  const known = new Map<string, string>();
  const of = (source: string, line: number): string => {
    const key = `${source} ${line}`;
    const id = places.get(basename(source))?.findLast((each) => each.line <= line)?.id;
    const group = known.get(key) ?? (id === undefined ? 'the bundler' : groupOf(id));
    known.set(key, group);
    return group;
  };
  return code.split('\n').flatMap((text, line) =>
    [...`${text}\n`.split('').keys()].map((column) => {
      const entry = map.findEntry(line, column);
      return 'originalSource' in entry ? of(entry.originalSource, entry.originalLine) : 'the bundler';
    }),
  );
}
