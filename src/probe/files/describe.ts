/** The description of the probe `files@1`. */
import type { ProbeDescription } from '../description.ts';
import { FILES_PACKS } from './pack.ts';
import { filesShape } from './shape.ts';

export const FILES: ProbeDescription = {
  name: 'files@1',
  summary: 'files below a folder against the committed ones: what differs, is missing, or was never declared',
  parameters: {
    prefix: {
      type: 'text',
      help: 'declared paths below this one stand for the folder; others are left out of the comparison',
      fallback: '',
    },
    modes: { type: 'boolean', help: 'compare permission bits of regular files', fallback: true },
    uid: { type: 'number', help: 'user id that everything must belong to' },
    gid: { type: 'number', help: 'group id that everything must belong to' },
    ignore: {
      type: 'texts',
      help: 'paths, told from the folder, that are not compared with all that is below them; counted as excluded',
    },
    closed: { type: 'boolean', help: 'look for what nobody declared', fallback: true },
  },
  observes: filesShape,
  evidence: 'E1: this agent read the files itself, as the user it runs as, at one moment after another.',
  blastRadius:
    'reads every declared file and every name below the folder; opens nothing but regular files, follows no link; at most 2 GiB',
  timeoutMs: 120_000,
  needs: ['fs-read'],
  packs: FILES_PACKS,
};
