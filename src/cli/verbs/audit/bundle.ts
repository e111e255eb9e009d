/** `tallystick audit bundle`: the past of some subjects in one file that a stranger verifies offline. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { FRAMEWORKS } from '../../../audit/controls/data/frameworks.ts';
import { controlNamed } from '../../../audit/report.ts';
import { readContainer } from '../../../audit/zip/read.ts';
import { MOST_BYTES } from '../../../audit/zip/records.ts';
import { readBundleFile } from '../../../audit/node/file.ts';
import { readManifest } from '../../../audit/bundle/manifest.ts';
import { MANIFEST, SUMS } from '../../../audit/bundle/names.ts';
import { filesThatDiffer, notGivenAgain } from '../../../audit/bundle/like.ts';
import { bundleFiles } from '../../../audit/bundle/make.ts';
import { parseOpenings } from '../../../audit/bundle/openings.ts';
import type { OpenedLeaf } from '../../../declare/openings-file.ts';
import { personalIn, type Personal } from '../../../audit/bundle/personal.ts';
import { writeContainer, type Files } from '../../../audit/zip/write.ts';
import { assertNoneLacking } from './like.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import { asUsage } from '../../../bytes/within.ts';
import { readNamedFile, replaceFile } from '../../../platform/files.ts';
import { VERSION } from '../../../platform/place.ts';
import { quickVerifier } from '../../../workers/sound.ts';
import { EXIT } from '../../exit.ts';
import type { Context } from '../../frame/context.ts';
import { periodOf, PERIOD_OPTIONS, trustedMonitors } from '../../frame/period.ts';
import { SEE_OPTIONS, snapshotOf } from '../../frame/reading.ts';
import { READER_SETTINGS } from '../../frame/settings.ts';
import { trustOf } from '../../frame/trust.ts';
import { defineVerb, type FlagsOf, type VerbOption } from '../../frame/verb.ts';
import { verifierToBring } from '../../frame/verifier.ts';
import { line } from '../../../words/plain.ts';

const OPTIONS = [
  { flags: '-o, --out <file>', help: 'where to write it, such as audit.zip' },
  ...PERIOD_OPTIONS,
  {
    flags: '--control <id>',
    help: 'framework and item, such as "SOC2-2017 CC6.7"; repeat for several',
    many: true,
  },
  { flags: '--openings <file>', help: 'opened leaves for this reader (tallystick.openings.v1)' },
  { flags: '--people <file>', help: 'CSV with the header kid,person: who holds which key' },
  {
    flags: '--attachment <file>',
    help: 'evidence that a proof names by its SHA-256; repeat for several',
    many: true,
  },
  {
    flags: '--like <file>',
    help: 'an older bundle: take its period, subjects, controls, monitors and heads, to make the same bytes; give its openings, people and attachments again',
  },
  { flags: '--yes', help: 'write it, what it holds about people was seen' },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

const NO_VERIFIER =
  'it brings no verify.mjs: this checkout lacks the bundler that makes it; install its packages with npm ci, and make the bundle again';

export const bundleVerb = defineVerb({
  name: 'bundle',
  summary: 'put a period into one file that a stranger verifies offline',
  details:
    'The file holds the entries of the subjects with one proof, witnessed heads from before and after the period, all registration ' +
    'policies, and what follows from them: histories, keys, a page, what is not proven. `tallystick verify FILE --policy trust.txt` ' +
    'makes all of that again and compares each byte. The same question with the same heads gives the same bytes (--like). ' +
    'Before it is written, the names and opened values that it will hold are listed.',
  operands: [['[subjects...]', 'what was committed to']],
  options: OPTIONS,
  settings: READER_SETTINGS,
  json: true,
  examples: [
    'tallystick audit bundle db/payments --since 2026-01-01 --until 2026-06-30 --policy trust.txt -o audit.zip --yes',
    'tallystick audit bundle --like audit.zip -o again.zip --policy trust.txt --yes',
  ],
  run: async (context, subjects, flags) => {
    const { output } = context;
    const out = flags.text('out');
    if (out === undefined) throw refuse('usage', 'name the file to write: -o audit.zip');
    const trust = await trustOf(context);
    const like = await likeOf(context, flags);
    const older = like && readContainer(like);
    const given = {
      openings: await openingsOf(context, flags),
      people: await peopleOf(context, flags),
      attachments: await attachmentsOf(context, flags),
    };
    if (older !== undefined) assertNoneLacking(flags.text('like') ?? '', notGivenAgain(older, given));
    const snapshot = await snapshotOf(context, flags);
    const verifier = verifierToBring();
    if (verifier === undefined) output.note(NO_VERIFIER);
    const files = await bundleFiles({
      snapshot,
      trust,
      verify: quickVerifier(),
      ...scopeOf(subjects, flags, snapshot.now, older),
      ...given,
      verifier,
      madeWith: VERSION,
      like,
      progress: (label, total) => output.progress(label, total),
    });
    const personal = personalIn(files);
    for (const text of personalLines(personal)) output.note(text);
    if (!flags.on('yes'))
      throw refuse('usage', `nothing was written: look at what ${out} would hold, and add --yes`);
    await write(context, flags, files, like);
    return EXIT.ok;
  },
});

/** Writes the bundle, and says what was written. */
async function write(
  { output, world }: Context,
  flags: Own,
  files: Files,
  like: Uint8Array | undefined,
): Promise<void> {
  const [out, name] = [flags.text('out') ?? '', flags.text('like') ?? ''];
  const bytes = writeContainer(files);
  const path = resolve(world.cwd, out);
  if (like !== undefined && existsSync(path) && resolve(world.cwd, name) === path)
    throw refuse('usage', 'the new bundle has to have another name than the one it is like');
  await replaceFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { heads, period } = readManifest(files);
  output.print(`${out}: ${files.size} files, ${bytes.length} bytes, SHA-256 ${sha256}`);
  if (like !== undefined) output.print(comparison(name, readContainer(like), files));
  output.print(`hand it over; it is verified with: tallystick verify ${out} --policy trust.txt`);
  output.result('audit-bundle', {
    file: path,
    bytes: bytes.length,
    sha256,
    since: period.since,
    until: period.until,
    size: heads.end.size,
    like: like === undefined ? null : same(like, bytes),
  });
}

/** Says whether the same bytes came out; if not, which files differ. */
function comparison(name: string, older: Files, files: Files): string {
  const differ = filesThatDiffer(older, files).filter((each) => each !== MANIFEST && each !== SUMS);
  const shown = [...differ.slice(0, 10), ...(differ.length > 10 ? [`${differ.length - 10} more`] : [])];
  if (filesThatDiffer(older, files).length === 0) return `it has the same bytes as ${name}`;
  return `it has other bytes than ${name}: ${shown.length === 0 ? MANIFEST : shown.join(', ')}`;
}

function same(like: Uint8Array, bytes: Uint8Array): boolean {
  return Buffer.compare(like, bytes) === 0;
}

/** What the bundle is about: as the flags say, or as an older one does. */
function scopeOf(subjects: readonly string[], flags: Own, now: number, older: Files | undefined) {
  if (older !== undefined) {
    if (subjects.length > 0)
      throw refuse('usage', '--like takes the subjects of the older bundle: name none');
    const { subjects: all, period, controls, monitors } = readManifest(older);
    return { subjects: all, period, controls, monitors };
  }
  if (subjects.length === 0) throw refuse('usage', 'name the subjects of the bundle');
  const controls = flags.texts('control');
  for (const control of controls) controlNamed(FRAMEWORKS, control);
  return { subjects, period: periodOf(flags, now), controls, monitors: [...trustedMonitors(flags)] };
}

async function likeOf({ world }: Context, flags: Own): Promise<Uint8Array | undefined> {
  const path = flags.text('like');
  return path === undefined ? undefined : readBundleFile(resolve(world.cwd, path));
}

async function fileOf({ world }: Context, path: string | undefined): Promise<Uint8Array | undefined> {
  return path === undefined ? undefined : readNamedFile(resolve(world.cwd, path), MOST_BYTES);
}

async function openingsOf(context: Context, flags: Own): Promise<readonly OpenedLeaf[] | undefined> {
  const path = flags.text('openings');
  const bytes = await fileOf(context, path);
  return bytes && asUsage(() => parseOpenings(bytes, path));
}

async function peopleOf(context: Context, flags: Own): Promise<ReadonlyMap<string, string> | undefined> {
  const bytes = await fileOf(context, flags.text('people'));
  if (bytes === undefined) return undefined;
  const { csvRecords } = await import('../../../audit/node/csv.ts');
  const [header, ...rows] = await asUsage(async () => csvRecords(decodeUtf8(bytes)));
  if (header?.join(',') !== 'kid,person')
    throw refuse('usage', 'the file of people has the header kid,person');
  return new Map(rows.map(([kid = '', person = '']) => [kid, person]));
}

async function attachmentsOf({ world }: Context, flags: Own): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = flags.texts('attachment').map((path) => readNamedFile(resolve(world.cwd, path), MOST_BYTES));
  const read = await Promise.all(files);
  return new Map(read.map((bytes) => [createHash('sha256').update(bytes).digest('hex'), bytes]));
}

function personalLines({ names, owners, people, opened }: Personal): readonly string[] {
  return [
    ...listed('names of keys', names),
    ...listed('owners of waivers', owners),
    ...listed('people', people),
    ...listed('opened values', opened),
  ];
}

function listed(what: string, list: readonly string[]): readonly string[] {
  return list.length === 0 ? [] : [`it holds ${what}: ${list.map((each) => line(each, 100)).join(', ')}`];
}
