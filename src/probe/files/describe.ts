/** The description of the probe `files@1`. */
import type { ProbeDescription } from '../description.ts';
import { absolutePath } from '../target-form.ts';
import { readsPath } from '../grant.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';
import { FILES_PACKS } from './pack.ts';

const PATHS: Shape = { list: 'any' };

const ALWAYS: Readonly<Record<string, Shape>> = {
  ...scalars('root', 'declared', 'compared', 'same', 'whole'),
  looked: { list: 'scalar' },
  differing: PATHS,
  missing: PATHS,
  escaping: PATHS,
  unreadable: PATHS,
  counts: { map: 'scalar' },
};

/** `undeclared` and `owners` only where the claim asks for them. */
function filesShape(params: ReadonlyMap<string, Parameter>): Shape {
  return {
    members: {
      ...ALWAYS,
      ...(params.get('closed') !== false && { undeclared: PATHS }),
      ...((params.has('uid') || params.has('gid')) && { owners: PATHS }),
    },
  };
}

export const READS_FOLDER = readsPath('read the folder, and what is made in it later');

export const FILES: ProbeDescription = {
  name: 'files@1',
  summary: 'files below a folder against the committed ones: what differs, is missing, or was never declared',
  target: absolutePath('the absolute path of a folder'),
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
  grants: [READS_FOLDER],
  needs: ['fs-read'],
  packs: FILES_PACKS,
};
