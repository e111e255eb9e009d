/** Requirements of pip with hashes, as `pip-compile --generate-hashes` and `uv export` write them. */
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { pythonLines } from '../python-lines.ts';
import type { Locked } from './locked.ts';
import { pypiLocked } from './pypi.ts';

/** Where pip looks, which says nothing of what it takes where every package has a hash. */
const WHERE =
  /^(?:(?:-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host|--only-binary|--no-binary)[ \t=][ \t]*[^-\s'"\\][^\s'"\\]*|--no-index|--pre|--prefer-binary|--require-hashes)$/;
/** What pip takes for the coding of a file (PEP 263), in one of its first two lines. */
const CODING = /^#.*?coding[:=]\s*([-\w.]+)/;
const PINNED =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9.!+_-]+)\s*(?:;\s*(.*))?$/;

/** Refuses `malformed-text` for a line without version or hash, and for one that names another file or an address. */
export function requirements(text: string): readonly Locked[] {
  for (const [i, line] of pythonLines(text).entries()) {
    const coding = i < 2 ? CODING.exec(line)?.[1] : undefined;
    if (coding !== undefined && !/^utf[-_]?8$/i.test(coding))
      throw refuse(
        'malformed-text',
        `line ${i + 1}: pip reads the file in the coding that this comment names; take it out`,
      );
    // pip goes on to the next line after some comments, and not after others.
    if (/(?:^|\s)#/.test(line) && line.endsWith('\\'))
      throw refuse('malformed-text', `line ${i + 1}: a comment ends in a backslash; take it out`);
  }
  const lines = text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) =>
      line
        .replaceAll(/\s+/g, ' ')
        .replace(/(?:^| )#.*$/, '')
        .trim(),
    );
  const found = lines
    .filter((line) => line !== '' && !WHERE.test(line))
    .map((line) => {
      const [requirement = '', ...options] = line.split(/ --hash[= ]/);
      const [, name = '', version = '', marker = ''] = PINNED.exec(requirement.trim()) ?? [];
      if (name === '')
        throw wrong(
          line,
          'is no package of one version: write NAME==VERSION with --hash (`pip-compile --generate-hashes`, `uv export`)',
        );
      const hashes = options.map((each) => each.trim());
      if (hashes.length === 0 || hashes.some((each) => !/^sha256:[0-9a-f]{64}$/.test(each)))
        throw wrong(
          line,
          'has no hash sha256:…, so anything of that name could be installed: `pip-compile --generate-hashes` writes them',
        );
      if (/(?:^|\s)-|[|\\]/.test(marker))
        throw wrong(
          line,
          'has an option or a sign in its marker that pip may read otherwise; write --hash alone after it',
        );
      return { name, version, hashes, marker };
    });
  return pypiLocked(found);
}

const wrong = (line: string, what: string): Refusal =>
  // An address may hold a password.
  refuse('malformed-text', `${printable(line.replace(/\s.*$/, '').replace(/:\/\/.*$/, '://…'), 60)} ${what}`);
