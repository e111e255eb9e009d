/** The pack of `exec@1` (the page of the probe). */
import type { Pack } from '../pack.ts';

export const EXEC_PACKS: Readonly<Record<string, Pack>> = {
  'listing-as-declared': {
    summary:
      'a program of the target lists the settings that are declared (params.listing: sshd for `sshd -T`); no leaf becomes public',
    needs: ['listing'],
    claims: [
      {
        id: 'listing-as-declared',
        title: 'Every declared setting that the listing tells of has the declared value',
        expr: 'o.exec.changed.size() == 0 && o.exec.absent.size() == 0',
        severity: 'high',
      },
    ],
  },
};
