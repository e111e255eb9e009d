/** `tallystick trust show`: whom a policy trusts, and a fingerprint that two people compare over the telephone. */
import { canonicalPolicy, policyFingerprint, spokenFingerprint } from '../../note/trust-text.ts';
import { EXIT } from '../exit.ts';
import { trustOf, trustPlace } from '../frame/trust.ts';
import { defineVerb, type AnyVerb } from '../frame/verb.ts';

const showVerb = defineVerb({
  name: 'show',
  standard: true,
  summary: 'print the trust policy in its one spelling, and its fingerprint',
  details:
    'Comments, URLs and white space are left out, so that two files that trust the same print the same. Read the fingerprint over a ' +
    'telephone to whoever gave you the policy, or compare it with what `tallystick verify` prints for a bundle.',
  settings: ['vkey', 'logOrigin', 'policy', 'dataDir'],
  json: true,
  examples: ['tallystick trust show --policy trust.txt', 'tallystick trust show --vkey log.vkey --json'],
  run: async (context) => {
    const { output } = context;
    const { policy } = await trustOf(context);
    const from = trustPlace(context)?.text;
    const text = canonicalPolicy(policy);
    const fingerprint = policyFingerprint(policy);
    output.print(`${text}\nfingerprint ${spokenFingerprint(fingerprint)}`);
    if (from !== undefined) output.note(`from ${from}`);
    output.result('trust', { policy: text, fingerprint, from: from ?? null });
    return EXIT.ok;
  },
});

export const trustVerb: AnyVerb = {
  name: 'trust',
  summary: 'whom a trust policy trusts, and its fingerprint',
  examples: ['tallystick trust show --policy trust.txt'],
  verbs: [showVerb],
};
