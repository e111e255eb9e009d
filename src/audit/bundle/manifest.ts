/** `manifest.json` and `SHA256SUMS` (spec/bundle.md). */
import { sha256 } from '@noble/hashes/sha2.js';
import { compareBytes } from '../../bytes/compare.ts';
import { refuse } from '../../bytes/refusal.ts';
import { encodeUtf8, formatHex } from '../../bytes/text.ts';
import { array, checked, oneOf, record, text, uint, wrong, type Of } from '../../statement/schema.ts';
import { count, MAX_TIME, origin } from '../../statement/vocabulary.ts';
import type { Files } from '../zip/write.ts';
import { MANIFEST, SUMS } from './names.ts';
import { badFile, jsonFile, nullable, readJsonFile, type Json } from './text.ts';

/**
 * Version of the format, derived files included: test/audit/golden-bundle.test.ts fails when a byte of them changes and this does
 * not.
 */
export const BUNDLE_VERSION = 2;

/** Most subjects of one bundle: as many histories, and room for the rest, fit in a container. */
const MOST_SUBJECTS = 50_000;

const hex32 = text(64, 64, { pattern: /^[0-9a-f]{64}$/, says: '64 lower-case hex digits' });
const head = record({ size: uint(Number.MAX_SAFE_INTEGER, 1), root: hex32, notice: nullable(count) });

const fields = record({
  format: oneOf(['tallystick-bundle']),
  version: uint(Number.MAX_SAFE_INTEGER, 1),
  made_with: text(1, 64),
  log: origin,
  period: record({ since: uint(MAX_TIME), until: uint(MAX_TIME) }),
  subjects: array(text(1, 1024), MOST_SUBJECTS, 1),
  controls: array(text(3, 256), 1000),
  monitors: array(hex32, 256),
  heads: record({ start: nullable(head), end: head }),
  files: array(record({ name: text(1, 200), size: count, sha256: hex32 }), 65_534),
});

const manifest = checked(fields, ({ version, period, subjects, controls, monitors }, at) => {
  if (version > BUNDLE_VERSION)
    throw refuse(
      'newer-version',
      `the bundle has version ${version}, and this tallystick knows ${BUNDLE_VERSION}: update tallystick`,
    );
  if (version < BUNDLE_VERSION)
    throw refuse(
      'older-version',
      `the bundle has version ${version}, made by an older tallystick: verify it with the verify.mjs that was released with that one, or ask for the bundle again (this one knows version ${BUNDLE_VERSION})`,
    );
  if (period.since >= period.until) throw wrong(`${at}period`, 'it ends before it begins');
  for (const [name, list] of Object.entries({ subjects, controls, monitors })) {
    const bytes = list.map(encodeUtf8);
    if (bytes.some((each, i) => i > 0 && compareBytes(bytes[i - 1] ?? each, each) >= 0))
      throw wrong(`${at}${name}`, 'expected ascending order, each once');
  }
});
export type Manifest = Of<typeof manifest>;

/** What a maker decides; the rest of a manifest follows from the files. */
export type Scope = Omit<Manifest, 'format' | 'version' | 'files'>;

/** Both files, for all other files of a bundle. */
export function manifestFiles(scope: Scope, files: Files): Files {
  const sums = [...files]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, content]) => sumOf(name, content));
  const bytes = writeManifest({
    format: 'tallystick-bundle',
    version: BUNDLE_VERSION,
    ...scope,
    files: sums,
  });
  const all = [...sums, sumOf(MANIFEST, bytes)].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const lines = all.map(({ name, sha256: digest }) => `${digest}  ${name}\n`);
  return new Map([
    [MANIFEST, bytes],
    [SUMS, encodeUtf8(lines.join(''))],
  ]);
}

function sumOf(name: string, content: Uint8Array): Manifest['files'][number] {
  return { name, size: content.length, sha256: formatHex(sha256(content)) };
}

/** The manifest of a bundle. Refuses `malformed-bundle`, and `newer-version`. */
export function readManifest(files: Files): Manifest {
  const bytes = files.get(MANIFEST);
  if (bytes === undefined) throw badFile(MANIFEST, 'it is missing: this is no bundle');
  return readJsonFile(MANIFEST, bytes, manifest, writeManifest);
}

function writeManifest({
  format,
  version,
  made_with,
  log,
  period,
  subjects,
  controls,
  monitors,
  heads,
  files,
}: Manifest): Uint8Array {
  const headOf = ({ size, root, notice }: Manifest['heads']['end']): Json => ({ size, root, notice });
  return jsonFile({
    format,
    version,
    made_with,
    log,
    period: { since: period.since, until: period.until },
    subjects,
    controls,
    monitors,
    heads: { start: heads.start === null ? null : headOf(heads.start), end: headOf(heads.end) },
    files: files.map(({ name, size, sha256: digest }) => ({ name, size, sha256: digest })),
  });
}
