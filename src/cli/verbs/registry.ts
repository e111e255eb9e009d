/** `tallystick registry`: what is declared in a log, what changed, and who declared it. */
import type { Verb } from '../frame/verb.ts';
import { blameVerb } from './registry/blame.ts';
import { diffVerb } from './registry/diff.ts';
import { listVerb } from './registry/list.ts';
import { showVerb } from './registry/show.ts';

export const registryVerb: Verb = {
  name: 'registry',
  summary: 'list, show, compare and blame declarations',
  details:
    'Without a sub-verb it lists. Everything shown is verified to be in the log. To replace a declaration, commit again; ' +
    'to take it back, withdraw.',
  examples: [
    'tallystick registry',
    'tallystick registry show db/payments',
    'tallystick registry diff db/payments',
    'tallystick registry blame db/payments tls12-refused',
  ],
  verbs: [listVerb, showVerb, diffVerb, blameVerb],
};
