/** `tallystick withdraw`: withdraws a commitment. */
import { logAbout, withdrawalAbout } from '../../client/log-about.ts';
import { statusOf } from '../../client/statuses.ts';
import { asUsage } from '../../bytes/within.ts';
import { readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { remarkPersons } from '../frame/persons.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { signerOf } from '../frame/signer.ts';
import { defineVerb } from '../frame/verb.ts';
import { tellLogged } from '../views/logged.ts';
import { lackText } from '../views/subject.ts';
import { line } from '../../words/plain.ts';

export const withdrawVerb = defineVerb({
  name: 'withdraw',
  summary: 'withdraw the commitment about a subject',
  details:
    'Afterwards nothing is declared about the subject. A commitment that needed approvals stays in force until as many ' +
    'keys approve its withdrawal. To replace a declaration, commit again. Signed with the ' +
    "author's key (--key, else keys/author.pem in the data directory).",
  operands: [['<subject>', 'subject of the commitment']],
  settings: [...READER_SETTINGS, 'key'],
  options: [
    { flags: '--reason <text>', help: 'why, for people' },
    { flags: '--ticket <text>', help: 'such as CHG-1' },
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: ["tallystick withdraw db/payments --reason 'moved to db/billing' --ticket CHG-7"],
  run: async (context, [subject = ''], flags) => {
    const client = await readingOf(context, flags);
    const look = await client.snapshot();
    const status = await statusOf(look, subject);
    const [ticket, reason] = [flags.text('ticket'), flags.text('reason')];
    remarkPersons(context, ticket, reason);
    const change = { ...(ticket !== undefined && { ticket }), ...(reason !== undefined && { reason }) };
    const said = await asUsage(() => withdrawalAbout(status, change));
    const { needed, overtakes } = said;
    const logged = await logAbout(client, look, said, await signerOf(context, 'author'));
    const told = [
      needed === 0
        ? 'nothing is declared about the subject now, and it has no claims to prove'
        : `it stays in force until this has ${needed} approvals by other keys: tallystick approve ${line(subject)}`,
      ...(overtakes === undefined
        ? []
        : [`entry ${overtakes.entry.index}, which ${lackText(overtakes)}, can no longer get any`]),
    ];
    const fields = { needed, in_force: needed > 0 };
    return tellLogged(context.output, 'withdraw', client, said, logged, told, fields);
  },
});
