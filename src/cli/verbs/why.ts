/** `tallystick why`: what a verdict rests on. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb } from '../frame/verb.ts';

export const whyVerb: Verb<typeof SEE_OPTIONS> = {
  name: 'why',
  summary: 'what a verdict rests on: commitment, approvals, deployment, proof, evidence',
  details:
    'Tells who declared the claim, who approved it, when it was deployed, which proof speaks of it, what was observed, ' +
    "and who would have to lie for the verdict to be false. The target's signatures of class E3 are verified on the " +
    'spot, with the challenge computed again. Exits as status does.',
  operands: [
    ['<subject>', 'what was committed to'],
    ['<claim>', 'id of the claim'],
  ],
  settings: READER_SETTINGS,
  options: SEE_OPTIONS,
  json: true,
  examples: [
    'tallystick why db/payments tls12-refused',
    'tallystick why db/payments tls12-refused --full --json',
  ],
  run: async (context, operands, flags) => (await import('./subject/why.ts')).why(context, operands, flags),
};
