/** Requirements of pip with hashes, as `pip-compile --generate-hashes` and `uv export` write them. */
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import type { Locked } from './locked.ts';
import { pypiLocked } from './pypi.ts';

/** Where pip looks, which says nothing of what it takes where every package has a hash. */
const WHERE =
  /^(?:-i|--index-url|--extra-index-url|--no-index|-f|--find-links|--trusted-host|--pre|--prefer-binary|--only-binary|--no-binary|--require-hashes)(?:[\s=]|$)/;
const PINNED =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9.!+_-]+)\s*(?:;\s*(.*))?$/;

/** Refuses `malformed-text` for a line without version or hash, and for one that names another file or an address. */
export function requirements(text: string): readonly Locked[] {
  const lines = text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim());
  const found = lines
    .filter((line) => line !== '' && !WHERE.test(line))
    .map((line) => {
      const [requirement = '', ...options] = line.split(/\s+--hash[=\s]/);
      const [, name = '', version = ''] = PINNED.exec(requirement.trim()) ?? [];
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
      return { name, version, hashes };
    });
  return pypiLocked(found);
}

const wrong = (line: string, what: string): Refusal =>
  // An address may hold a password.
  refuse('malformed-text', `${printable(line.replace(/\s.*$/, '').replace(/:\/\/.*$/, '://…'), 60)} ${what}`);
