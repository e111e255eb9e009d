/** The pack `packages-as-locked` (the page of the probe). */
import type { Pack } from '../pack.ts';

const CHANGE = [{ framework: 'SOC2-2017', id: 'CC8.1' }];

const PACKAGES_AS_LOCKED: Pack = {
  summary: 'what is installed is what the lockfiles name, and nothing else; with archives, byte for byte',
  needs: ['ecosystem'],
  claims: [
    {
      id: 'packages-locked',
      title: 'Every locked package is installed, and says that it is the locked version',
      expr: 'size(o.packages.differing) == 0 && size(o.packages.missing) == 0 && o.packages.whole',
      severity: 'high',
      controls: CHANGE,
    },
    {
      id: 'packages-closed',
      title: 'Nothing is installed that the lockfile does not name',
      expr: 'size(o.packages.extra) == 0 && size(o.packages.linked) == 0 && o.packages.whole',
      severity: 'high',
      controls: CHANGE,
    },
    {
      id: 'packages-unaltered',
      title: 'Every installed file is that of the archive with the locked digest, and there are no others',
      expr: 'size(o.packages.altered) == 0 && o.packages.contents',
      severity: 'critical',
      controls: CHANGE,
    },
  ],
};

/** By name. */
export const PACKAGES_PACKS: Readonly<Record<string, Pack>> = {
  'packages-as-locked': PACKAGES_AS_LOCKED,
};
