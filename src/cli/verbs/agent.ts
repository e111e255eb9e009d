/** `tallystick agent`: proves claims continuously, at times that it cannot choose. */
import type { Verb } from '../frame/verb.ts';
import { consentVerb, listenVerb } from './agent/both-ends.ts';
import { delegateVerb, keyVerb } from './agent/node-keys.ts';
import { enrolVerb } from './agent/enrolling.ts';
import { openVerb, retainVerb } from './agent/observations.ts';
import { profileVerb } from './agent/permissions.ts';
import { planVerb, runVerb } from './agent/proving.ts';

export const agentVerb: Verb = {
  name: 'agent',
  summary: 'prove claims continuously, at times the agent cannot choose',
  examples: [
    "tallystick agent --subject 'prod/**' --confine",
    'tallystick agent enrol web/shop tls@1 shop.example:443',
    'tallystick agent plan --subject db/payments',
    'tallystick agent profile --confine > profile.json',
  ],
  verbs: [
    runVerb,
    planVerb,
    enrolVerb,
    profileVerb,
    consentVerb,
    listenVerb,
    openVerb,
    retainVerb,
    keyVerb,
    delegateVerb,
  ],
};
