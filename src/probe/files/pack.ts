/** The packs of `files@1` (the page of the probe). */
import type { Pack } from '../pack.ts';

export const FILES_PACKS: Readonly<Record<string, Pack>> = {
  'file-integrity': {
    summary: 'the files below a folder are the committed ones, all of them, and no others',
    needs: [],
    claims: [
      {
        id: 'files-unchanged',
        title: 'Content, mode and kind of every declared file are as declared',
        expr: 'size(o.files.differing) == 0 && size(o.files.missing) == 0 && o.files.whole',
        severity: 'critical',
      },
      {
        id: 'files-closed',
        title: 'There is nothing that was not declared',
        expr: 'size(o.files.undeclared) == 0 && o.files.whole',
        severity: 'high',
      },
      {
        id: 'files-inside',
        title: 'No link leads out of the folder',
        expr: 'size(o.files.escaping) == 0 && o.files.whole',
        severity: 'high',
      },
    ],
  },
};
