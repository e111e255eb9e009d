/** Whether a bundle has the files that its manifest says, and no others. */
import { equalBytes } from '../../bytes/compare.ts';
import type { Files } from '../zip/write.ts';
import { manifestFiles, readManifest, type Manifest } from './manifest.ts';
import { END_HEAD, isSource, MANIFEST, namesMade, PROOF, START_HEAD, SUMS, TRUST } from './names.ts';
import { badFile } from './text.ts';

/** The manifest, which must be what the other files make it. */
export function manifestOf(files: Files): Manifest {
  const manifest = readManifest(files);
  const { format: _, version: __, files: ___, ...scope } = manifest;
  const others = new Map([...files].filter(([name]) => name !== MANIFEST && name !== SUMS));
  const wrong = differing(files, manifestFiles(scope, others));
  if (wrong.length > 0) throw badFile(wrong.join(', '), 'it is not what the other files make it');
  return manifest;
}

/** Refuses a file that nothing accounts for, and a bundle that lacks a file it must have. */
export function assertNamed(files: Files, { subjects, controls, heads }: Manifest): void {
  const made = new Set(namesMade(subjects.length, controls.length > 0, heads.start !== null));
  for (const name of files.keys())
    if (!isSource(name) && !made.has(name)) throw badFile(name, 'nothing accounts for it');
  for (const name of [...made, TRUST, END_HEAD, PROOF, ...(heads.start === null ? [] : [START_HEAD])])
    if (!files.has(name)) throw badFile(name, 'it is missing');
  if (heads.start === null && files.has(START_HEAD))
    throw badFile(START_HEAD, 'the manifest has no start head');
}

/** Names of files that are missing, or differ from what they must be. */
export function differing(files: Files, expected: Files): readonly string[] {
  return [...expected].flatMap(([name, content]) => {
    const given = files.get(name);
    return given !== undefined && equalBytes(given, content) ? [] : [name];
  });
}
