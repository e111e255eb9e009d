/** `tallystick deploy mark`: logs that the commitment in force is being deployed. */
import { digest } from '../../bytes/brand.ts';
import { refuse } from '../../bytes/refusal.ts';
import { parseHex } from '../../bytes/text.ts';
import { deploymentAbout, logAbout } from '../../client/log-about.ts';
import { asUsage } from '../../bytes/within.ts';
import { readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { remarkPersons } from '../frame/persons.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { signerOf } from '../frame/signer.ts';
import { defineVerb, type Verb } from '../frame/verb.ts';
import { WAIT_OPTION, waiting } from '../frame/wait.ts';
import { tellLogged } from '../views/logged.ts';

const markVerb = defineVerb({
  name: 'mark',
  summary: 'log that the commitment in force is being deployed now',
  details:
    "Starts the deadlines of the commitment's claims: a claim without a proof that began after this is STALE once its " +
    'deadline has passed. A running agent proves at once. A commitment that lacks approvals is not in force and is not ' +
    "marked. Signed with the author's key (--key, else keys/author.pem in the data directory).",
  settings: [...READER_SETTINGS, 'key'],
  options: [
    { flags: '--subject <name>', help: 'subject that was deployed' },
    { flags: '--version <text>', help: 'name of what was deployed: a release, an image tag' },
    { flags: '--artifact <hex>', help: 'SHA-256 of what was deployed' },
    { flags: '--reason <text>', help: 'why, for people' },
    WAIT_OPTION,
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: [
    'tallystick deploy mark --subject db/payments --version 2.4.1',
    'tallystick deploy mark --subject tf/network && tallystick prove --subject tf/network',
  ],
  run: async (context, _, flags) => {
    const subject = flags.text('subject');
    if (subject === undefined) throw refuse('usage', 'name what was deployed with --subject');
    const [version, artifact, reason] = [flags.text('version'), flags.text('artifact'), flags.text('reason')];
    if (artifact !== undefined && !/^[0-9a-f]{64}$/.test(artifact))
      throw refuse('usage', '--artifact is a SHA-256: 64 lower-case hex digits');
    remarkPersons(context, reason);
    const signer = await signerOf(context, 'author');
    const client = await readingOf(context, flags, waiting(context, flags));
    const look = await client.snapshot();
    const history = await look.history(subject);
    const said = await asUsage(() =>
      deploymentAbout(history, subject, {
        deployed: look.now,
        ...(version !== undefined && { version }),
        ...(artifact !== undefined && { artifact: digest(parseHex(artifact)) }),
        ...(reason !== undefined && { reason }),
      }),
    );
    const logged = await logAbout(client, look, said, signer);
    const claims = said.about.declaration.claims;
    const deadlines = claims.flatMap(({ id, deadline }) =>
      deadline === undefined ? [] : [{ id, deadline }],
    );
    const told = deadlines.map(({ id, deadline }) => `deadline   ${id} within ${deadline} s`);
    if (told.length === 0) told.push('deadlines  none: no claim of this commitment has one');
    if (history.pending !== undefined)
      told.push(`newer      entry ${history.pending.entry.index} lacks approvals and was not marked`);
    return tellLogged(context.output, 'deploy-mark', client, said, logged, told, { deadlines });
  },
});

export const deployVerb: Verb = {
  name: 'deploy',
  summary: 'log that a commitment is being deployed: deadlines of its claims start',
  examples: ['tallystick deploy mark --subject db/payments --version 2.4.1'],
  verbs: [markVerb],
};
