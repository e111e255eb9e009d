/** Which of the files that were given belong together, by what is in them. */
import { decodeUtf8 } from '../../../bytes/text.ts';
import { Refusal } from '../../../bytes/refusal.ts';
import { EVIDENCE_FILES } from '../../../client/proof-store.ts';
import { INCIDENT_SCHEMA } from '../../../incident/incident.ts';
import type { GivenFile } from './protocol.ts';

export type Group =
  | { readonly kind: 'bundle' | 'incident'; readonly file: GivenFile }
  /** Files of a proof directory, by their names in it. */
  | { readonly kind: 'folder'; readonly name: string; readonly files: ReadonlyMap<string, Uint8Array> }
  /** Files of a bundle that somebody unpacked: what was verified is the file itself. */
  | { readonly kind: 'unpacked'; readonly name: string }
  /** Files of one proof, whatever their names. */
  | { readonly kind: 'parts'; readonly files: readonly GivenFile[] };

/** Sorts files into what is examined together, in the order in which they were given. */
export function groupsOf(files: readonly GivenFile[]): readonly Group[] {
  const groups: Group[] = [];
  const rest = new Map<string, GivenFile[]>();
  for (const file of files) {
    if (isZip(file.bytes)) groups.push({ kind: 'bundle', file });
    else if (isIncident(file.bytes)) groups.push({ kind: 'incident', file });
    else rest.set(folderOf(file.name), [...(rest.get(folderOf(file.name)) ?? []), file]);
  }
  for (const [folder, these] of rest) groups.push(...proofsIn(folder, these));
  return groups;
}

/**
 * A folder with a `statement.cose` is a proof directory. Several statements without anything beside them are several
 * transparent statements.
 */
function proofsIn(folder: string, files: readonly GivenFile[]): readonly Group[] {
  const named = new Map(files.map(({ name, bytes }) => [baseOf(name), bytes]));
  if (named.has('manifest.json') && named.has('SHA256SUMS')) return [{ kind: 'unpacked', name: folder }];
  if (named.has(EVIDENCE_FILES.statement) && named.size === files.length)
    return [{ kind: 'folder', name: folder === '' ? EVIDENCE_FILES.statement : folder, files: named }];
  const statements = files.every(({ bytes }) => bytes[0] === 0xd2);
  return statements && files.length > 1 && folder === ''
    ? files.map((file) => ({ kind: 'parts', files: [file] }))
    : [{ kind: 'parts', files }];
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/** A bundle or an incident is none under a name alone; one that is damaged is told from what is left of it. */
function isIncident(bytes: Uint8Array): boolean {
  try {
    const begin = decodeUtf8(bytes.subarray(0, 4_000).filter((byte) => byte < 0x80));
    return begin.trimStart().startsWith('{') && begin.includes(INCIDENT_SCHEMA.replace(/\d+$/, ''));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return false;
  }
}

function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
