/**
 * Lockfiles: which packages are to be installed, a leaf each (`packages@1`). What a file is, its contents say: package-lock.json of npm, go.sum,
 * Cargo.lock, pylock.toml (PEP 751), uv.lock, poetry.lock, and requirements of pip with hashes.
 *
 *     /npm/node_modules~1ms          2.1.3 sha512-6Flz…          where it lies, version, digest of its archive, `dev`, `optional`
 *     /pypi/requests                 2.32.3 sha256:70761… sha256:55365…
 *     /go/golang.org~1x~1text@v0.21.0            h1:zyQA…        …~1go.mod: of its go.mod alone
 *     /cargo/serde@1.0.210           sha256:c8e3…
 */
import { encodeCbor } from '../../../bytes/cbor.ts';
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { within } from '../../../bytes/within.ts';
import { below, Leaves, type Declarable } from '../../leaf.ts';
import type { Source } from '../source.ts';
import { goSum } from './go-sum.ts';
import type { Locked } from './locked.ts';
import { npmLock } from './npm-lock.ts';
import { requirements } from './requirements.ts';
import { tomlLock } from './toml-lock.ts';

/** Names of lockfiles, for folders. */
const NAMES =
  /(?:^|[\\/])(?:package-lock\.json|npm-shrinkwrap\.json|go\.sum|Cargo\.lock|poetry\.lock|uv\.lock|pylock(?:\.[^.\\/]+)?\.toml|requirements[^\\/]*\.txt)$/;

/** Refuses `malformed-text`, with the name of the file. */
function lockedIn(text: string): readonly Locked[] {
  if (/^\s*\{/.test(text)) return npmLock(text);
  if (/^[ \t]*\[\[packages?\]\]/m.test(text)) return tomlLock(text);
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.length > 0 && lines.every((line) => / h1:\S+$/.test(line)) ? goSum(lines) : requirements(text);
}

/** The kind of source `packages`. */
export const PACKAGES_SOURCE: Source = {
  kind: 'packages',
  together: NAMES,
  declare: (texts): Declarable => {
    const leaves = new Leaves();
    for (const { name, text } of texts)
      within('same', printable(name, 200), () => {
        const found = lockedIn(text);
        if (found.length === 0) throw refuse('malformed-text', 'it locks no package');
        for (const { at, value } of found) {
          const [ecosystem, step] = at;
          // Versions and digests alone: nothing of it is searched for secrets.
          leaves.put({ path: below(`/${ecosystem}`, step), value: encodeCbor(value), sensitive: false });
        }
      });
    return { profile: 'packages@1', leaves: leaves.all(), excluded: [], source: { kind: 'packages' } };
  },
};
