/** Reads the log files that verified digests name, checks that each is there and unaltered, and finds the calls of the principals. */
import type { TrailFile } from '../../evidence/cloudtrail-digest.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { Chain } from './chain.ts';
import { callOf, whoseIs, type Call, type Principals } from './event.ts';
import type { Faults } from './faults.ts';
import { isFields, listAt, type Fields } from './fields.ts';
import type { Folder } from './folder.ts';
import type { Tally } from './tally.ts';

/** Most bytes of one log file, inflated; most records and most log files of one run. */
const MAX_FILE = 128 * 1024 ** 2;
const MAX_RECORDS = 2_000_000;
const MAX_FILES = 15_000;

/** Reads all log files, in the order of the chains. Refuses `too-large`. */
export async function readLogs(
  folder: Folder,
  chains: readonly Chain[],
  principals: Principals,
  tally: Tally,
  faults: Faults,
): Promise<void> {
  for (const { file, digest } of filesIn(chains))
    await readLog(folder, file, digest, principals, tally, faults);
}

/** The log files that the digests of chains name, each once, with the SHA-256 of the first digest that does. Refuses `too-large`. */
export function filesIn(
  chains: readonly Chain[],
): readonly { readonly file: TrailFile; readonly digest: string }[] {
  const found = new Map<string, { readonly file: TrailFile; readonly digest: string }>();
  for (const { digest } of chains.flatMap(({ links }) => links))
    for (const file of digest.files)
      if (!found.has(file.object)) found.set(file.object, { file, digest: digest.sha256 });
  if (found.size > MAX_FILES)
    throw refuse('too-large', `there are more than ${MAX_FILES} log files; read a shorter time`);
  return [...found.values()];
}

async function readLog(
  folder: Folder,
  { object, sha256 }: TrailFile,
  digest: string,
  principals: Principals,
  tally: Tally,
  faults: Faults,
): Promise<void> {
  const records = await recordsIn(folder, { object, sha256 }, faults);
  if (records === undefined) return;
  if (tally.records + records.length > MAX_RECORDS)
    throw refuse('too-large', `there are more than ${MAX_RECORDS} events; read a shorter time`);
  const calls = new Map<number, Call>();
  for (const [i, record] of records.entries()) {
    const whose = whoseIs(record, principals);
    if (whose === 'ours') calls.set(i, callOf(record));
    if (whose === 'unclear') tally.unattributed();
  }
  tally.file({ object, sha256, digest, records: records.length }, calls);
}

/** The records of a log file that a digest names. Undefined, and a fault, if it is missing, altered or no log file. */
export async function recordsIn(
  folder: Folder,
  { object, sha256 }: Pick<TrailFile, 'object' | 'sha256'>,
  faults: Faults,
): Promise<readonly Fields[] | undefined> {
  const read = await folder.read(folder.find(object), MAX_FILE);
  const records = read.kind === 'read' && read.sha256 === sha256 ? recordsOf(read.content) : undefined;
  if (read.kind === 'absent') faults.files(`log file is missing: ${object}`);
  else if (read.kind !== 'read') faults.files(`log file cannot be read (${read.kind}): ${object}`);
  else if (read.sha256 !== sha256) faults.files(`log file was altered: ${object}`);
  else if (records === undefined) faults.files(`log file holds no records: ${object}`);
  return records;
}

/** The records of a log file; undefined if the content is no log file. A record that is not an object becomes an empty one. */
function recordsOf(content: Uint8Array): readonly Fields[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return undefined;
  }
  if (!isFields(parsed) || !Array.isArray(parsed['Records'])) return undefined;
  return listAt(parsed, 'Records').map((each) => (isFields(each) ? each : {}));
}
