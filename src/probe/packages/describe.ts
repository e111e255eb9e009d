/** The description of the probe `packages@1`. */
import { scalars, type Shape } from '../../claim/shape.ts';
import type { ProbeDescription } from '../description.ts';
import { readsPath } from '../grant.ts';
import { absolutePath } from '../target-form.ts';
import { PACKAGES_PACKS } from './pack.ts';

/** What is looked at, and where it lies. */
export const ECOSYSTEMS = ['npm', 'pypi', 'go', 'cargo'] as const;
export type Ecosystem = (typeof ECOSYSTEMS)[number];

const NAMES: Shape = { list: 'scalar' };

const PACKAGES_SHAPE: Shape = {
  members: {
    ...scalars('ecosystem', 'locked', 'installed', 'same', 'compared', 'whole', 'contents'),
    differing: NAMES,
    missing: NAMES,
    extra: NAMES,
    linked: NAMES,
    altered: NAMES,
    counts: { map: 'scalar' },
  },
};

export const PACKAGES: ProbeDescription = {
  name: 'packages@1',
  summary:
    'installed packages against committed lockfiles: other versions, packages that nobody locked, files that were altered',
  target: absolutePath(
    'the absolute path of a project (npm), of site-packages (pypi), of a binary (go), or of vendored crates (cargo)',
  ),
  parameters: {
    ecosystem: { type: 'text', help: 'npm, pypi, go or cargo', required: true },
    omitDev: {
      type: 'boolean',
      help: 'npm: packages that only development needs may be missing',
      fallback: false,
    },
    ignore: {
      type: 'texts',
      help: 'names of packages, or paths told from the target, that are not compared; counted as excluded',
    },
    archives: {
      type: 'text',
      by: 'owner',
      isPath: true,
      help: 'absolute path of a folder with the archives that the lockfile names by digest: the cache of npm, wheels, crates. With it contents are compared',
    },
  },
  observes: () => PACKAGES_SHAPE,
  evidence:
    'E1: this agent read the files itself. Names and versions are what the installed packages say of themselves. Only a comparison with archives that have the locked digests shows their contents.',
  blastRadius:
    'reads files below a folder, or one binary; runs nothing, follows no link; at most 200,000 files and 4 GiB',
  timeoutMs: 300_000,
  grants: [readsPath('read the installed packages')],
  needs: ['fs-read'],
  packs: PACKAGES_PACKS,
};
