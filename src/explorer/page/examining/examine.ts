/** Examines files that were given, offline, by the code of `tallystick verify` and `verify-incident`. */
import { verdictLines } from '../../../audit/bundle/told.ts';
import { verifyBundle } from '../../../audit/bundle/verify.ts';
import { printable } from '../../../bytes/printable.ts';
import { Refusal, refuse } from '../../../bytes/refusal.ts';
import type { Trust } from '../../../client/evidence.ts';
import { loadEvidence, ProofsInMemory } from '../../../client/proof-store.ts';
import { DISCLOSURE_FILE, LEAVES_FILE, parseDisclosure, parseLeaves } from '../../../declare/leafopening.ts';
import { OPENINGS_FILE, parseOpenings } from '../../../declare/openings-file.ts';
import { examineHeld, type HeldEvidence } from '../../../offline/examine-held.ts';
import { evidenceOf, partOf } from '../../../offline/parts.ts';
import { parseStatement } from '../../../statement/parse.ts';
import { conclude } from '../../../words/conclusion.ts';
import { decodedRows } from '../../../words/decoded.ts';
import { placeShown } from '../worker/entry.ts';
import { checkShown } from '../worker/faults.ts';
import { NOTHING, refused, UNTRUSTED } from './empty.ts';
import { groupsOf, type Group } from './groups.ts';
import { incidentVerdict } from './incident.ts';
import type { FileVerdict, GivenFile, Tone } from './protocol.ts';

/** Says how far long work has come. */
export type Tell = (what: string, done: number, of: number) => void;

/** One verdict for each thing that the files are. Never throws for what is in them. `trust`: the reader's. */
export async function examineFiles(
  files: readonly GivenFile[],
  trust: Trust | undefined,
  tell: Tell,
): Promise<readonly FileVerdict[]> {
  const groups = groupsOf(files);
  const held = await Promise.all(groups.map(heldOf));
  const entries = held.flatMap((each) =>
    each instanceof Refusal || each === undefined ? [] : [each.evidence.entry],
  );
  const verdicts: FileVerdict[] = [];
  for (const [i, group] of groups.entries()) {
    tell('files', i, groups.length);
    const evidence = held[i];
    if (evidence instanceof Refusal) verdicts.push(refused(nameOf(group), evidence));
    else if (evidence !== undefined)
      verdicts.push(await proofVerdict(nameOf(group), evidence, entries, trust));
    else if (group.kind === 'bundle') verdicts.push(await bundleVerdict(group.file, trust, tell));
    else if (group.kind === 'incident') verdicts.push(incidentVerdict(group.file, trust));
    else if (group.kind === 'unpacked') verdicts.push(refused(group.name, UNPACKED));
  }
  return verdicts;
}

const UNPACKED = refuse(
  'usage',
  'this is an unpacked bundle: give the .zip that it came in, which is verified byte for byte',
);

function nameOf(group: Group): string {
  if (group.kind === 'folder' || group.kind === 'unpacked') return group.name;
  return group.kind === 'parts' ? group.files.map(({ name }) => name).join(' + ') : group.file.name;
}

/** The evidence of a group; undefined for a bundle and an incident. */
async function heldOf(group: Group): Promise<HeldEvidence | Refusal | undefined> {
  try {
    if (group.kind === 'folder') return await folderEvidence(group.files);
    if (group.kind !== 'parts') return undefined;
    const parts = group.files.map(({ name, bytes }) => partOf(bytes, printable(name, 300)));
    return { evidence: evidenceOf(parts, printable(nameOf(group), 1_000)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error;
  }
}

async function folderEvidence(files: ReadonlyMap<string, Uint8Array>): Promise<HeldEvidence> {
  const store = new ProofsInMemory();
  for (const [name, bytes] of files) store.files.set(name, bytes);
  const read = <T>(name: string, parse: (bytes: Uint8Array, path: string) => T): T | undefined => {
    const bytes = files.get(name);
    return bytes && parse(bytes, name);
  };
  return {
    evidence: await loadEvidence(store),
    leaves: read(LEAVES_FILE, parseLeaves),
    disclosure: read(DISCLOSURE_FILE, parseDisclosure),
    openings: read(OPENINGS_FILE, parseOpenings),
  };
}

const TONES = { green: 'good', red: 'bad', yellow: 'unsure' } as const satisfies Record<string, Tone>;

/** Without a policy of the reader's nothing can be verified: what the statement says is shown, and that nobody signed for it. */
async function proofVerdict(
  name: string,
  held: HeldEvidence,
  entries: readonly Uint8Array[],
  trust: Trust | undefined,
): Promise<FileVerdict> {
  if (trust === undefined) return untrusted(name, held);
  const verdict = await examineHeld(held, entries, trust);
  const { statement, place, checks } = verdict;
  const { colour, word, lines } = conclude(verdict, verdict.held);
  return {
    ...NOTHING,
    name,
    what: whatIs(statement),
    tone: TONES[colour],
    word,
    lines,
    checks: checks.map(checkShown),
    rows: statement === undefined ? [] : decodedRows((_, text) => text, statement),
    place: place === undefined ? null : placeShown(place),
  };
}

function whatIs(statement: ReturnType<typeof parseStatement> | undefined): string {
  if (statement === undefined) return 'a statement that cannot be read';
  return `a ${statement.kind} about ${printable(statement.subject, 300)}`;
}

function untrusted(name: string, { evidence }: HeldEvidence): FileVerdict {
  try {
    const statement = parseStatement(evidence.entry);
    const rows = decodedRows((_, text) => text, statement);
    return { ...NOTHING, ...UNTRUSTED, name, what: whatIs(statement), rows };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(name, error);
  }
}

async function bundleVerdict(
  { name, bytes }: GivenFile,
  trust: Trust | undefined,
  tell: Tell,
): Promise<FileVerdict> {
  const verdict = await verifyBundle(bytes, {
    trust,
    progress: (label, total) => ({ at: (done) => tell(label, done, total), end: () => undefined }),
  });
  const { checks, notProven } = verdict;
  const told = verdictLines(verdict);
  const result = told.at(-1) ?? { tone: 'bad', text: 'NOT VERIFIED' };
  // Between the checks and the result: what the entries say, and what is not proven, which has a section of its own.
  const says = told.slice(checks.length, -1).filter(({ text }) => text !== '');
  const end = says.findIndex(({ text }) => text === 'Not proven:');
  const said = (end === -1 ? says : says.slice(0, end)).filter(({ text }) => !text.endsWith('say:'));
  return {
    ...NOTHING,
    name,
    what: 'an audit bundle',
    tone: trust === undefined && result.tone === 'good' ? 'unsure' : toneOf(result.tone),
    word: result.text,
    checks: checks.map(checkShown),
    sections: [
      { title: 'What the entries say', lines: said.map(({ tone, text }) => ({ tone, text: text.trim() })) },
      {
        title: 'Not proven',
        lines: notProven.map((text) => ({ tone: 'unsure' as const, text: printable(text, 2_000) })),
      },
    ].filter(({ lines }) => lines.length > 0),
  };
}

function toneOf(tone: 'plain' | Tone): Tone {
  return tone === 'plain' ? 'unsure' : tone;
}
