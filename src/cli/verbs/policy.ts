/** `tallystick policy`: shows and changes the registration policy. */
import type { Verb } from '../frame/verb.ts';
import { enrolVerb } from './policy/enrol.ts';
import { addLogKeyVerb, removeLogKeyVerb } from './policy/log-keys.ts';
import { revokeVerb } from './policy/revoke.ts';
import { setVerb } from './policy/set.ts';
import { showVerb } from './policy/show.ts';
import { witnessedVerb } from './policy/witnessed.ts';

export const policyVerb: Verb = {
  name: 'policy',
  summary: 'show or change who may submit what (the registration policy)',
  details:
    'The registration policy is a statement in the log itself: entry 0, or the newest policy after it. Each change ' +
    'is a new entry, signed by an admin key, and applies from its own index on.',
  examples: [
    'tallystick policy show',
    "tallystick policy enrol ci.pub --name 'payments CI' --role author --subject 'prod/payments/**'",
    "tallystick policy revoke 'payments CI' --reason 'laptop stolen'",
  ],
  verbs: [showVerb, enrolVerb, revokeVerb, setVerb, addLogKeyVerb, removeLogKeyVerb, witnessedVerb],
};
