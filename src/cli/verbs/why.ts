/** `tallystick why`: explains a verdict. */
import { claimJson } from '../../appraisal/json.ts';
import { explainClaim } from '../../client/explain.ts';
import { SLOT_PROOFS } from '../../client/samplings.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { statusOf } from '../../client/statuses.ts';
import { exitOfVerdicts } from '../exit.ts';
import { LOOK_OPTIONS, lookOf } from '../frame/look.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb } from '../frame/verb.ts';
import { checkedLine } from '../../words/checked.ts';
import { whyJson, whyLines } from '../views/why.ts';

export const whyVerb: Verb<typeof LOOK_OPTIONS> = {
  name: 'why',
  summary: 'explain a verdict: commitment, approvals, deployment, proof, evidence',
  details:
    'Shows who declared the claim, who approved it, when it was deployed, which proof decides it, what was observed, and ' +
    "who would have to lie for the verdict to be false. The target's signatures of class E3 are verified against the " +
    'recomputed challenge. Exits as status does.',
  operands: [
    ['<subject>', 'subject of the commitment'],
    ['<claim>', 'id of the claim'],
  ],
  settings: READER_SETTINGS,
  options: LOOK_OPTIONS,
  json: true,
  examples: [
    'tallystick why db/payments tls12-refused',
    'tallystick why db/payments tls12-refused --full --json',
    'tallystick why db/payments tls12-refused --at 2026-01-05T12:00Z',
  ],
  run: async (context, [subject = '', id = ''], flags) => {
    const { output } = context;
    const look = await lookOf(context, flags);
    const told = await explainClaim(look, await statusOf(look, subject, SLOT_PROOFS), id);
    const { status } = told;
    output.print([...whyLines(output, look, told), checkedLine(look)].join('\n'));
    output.result('why', { ...snapshotJson(look), subject, ...claimJson(status), ...whyJson(look, told) });
    return exitOfVerdicts([status.verdict]);
  },
};
