/** `tallystick policy revoke`: revokes a key. */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { parseDecimal } from '../../../bytes/text.ts';
import { parseMoment } from '../../../client/moment.ts';
import { compromisedSince, effectsOn, whatFalls } from '../../../policy/compromised.ts';
import { kidNamed, revoke } from '../../../registration/edits.ts';
import { wholeDocument } from '../../../registration/next.ts';
import type { Context } from '../../frame/context.ts';
import { readFlag } from '../../frame/flagtext.ts';
import type { JsonValue } from '../../frame/output.ts';
import { clientReading } from '../../frame/reading.ts';
import { defineVerb } from '../../frame/verb.ts';
import { compromisedJson, compromisedLines } from '../../views/compromised.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

export const revokeVerb = defineVerb({
  name: 'revoke',
  summary: 'revoke a key from an entry on',
  details:
    `${CHANGES} The key can never be enrolled again. To retire a key whose statements still count, delete it with \`policy set\`. ` +
    'Of a key that somebody else had, say since when: what falls is shown first. A time becomes the size of the newest ' +
    'witnessed head that is not after it.',
  operands: [['<key>', 'thumbprint (kid, 64 hex digits), or the name it is enrolled under']],
  settings: WRITES,
  options: [
    { flags: '--since <index>', help: 'first entry not to be believed (default: the next one)' },
    {
      flags: '--compromised-since <moment>',
      help: 'a time, or a size such as size:812: show what falls from there on',
    },
    { flags: '--yes', help: 'with --compromised-since: sign, what falls was seen' },
    { flags: '--reason <text>', help: 'why, for people' },
    DRY_RUN,
  ],
  json: true,
  examples: [
    "tallystick policy revoke 'payments CI' --since 1234 --reason 'laptop stolen'",
    "tallystick policy revoke 'payments CI' --compromised-since 2027-01-15T08:00Z --dry-run",
  ],
  run: async (context, [who = ''], flags) => {
    const dryRun = flags.on('dryRun');
    const moment = flags.text('compromisedSince');
    const named = readFlag(flags.text('since'), '--since', parseDecimal);
    if (moment !== undefined && named !== undefined)
      throw refuse('usage', 'give either --since or --compromised-since');
    const shown = moment === undefined ? undefined : await showFalls(context, who, moment);
    if (shown !== undefined && !dryRun && !flags.on('yes'))
      throw refuse(
        'usage',
        `nothing is signed yet: this is what falls from entry ${shown.since} on; say --yes to revoke the key from there on`,
      );
    const wanted = { who, since: shown?.since ?? named, reason: flags.text('reason') };
    return change(context, {
      name: 'revoke',
      dryRun,
      edit: (document, { view }) => revoke(document, wanted, view.head.size),
      already: `${printable(who)} is revoked already`,
      ...(shown !== undefined && { fields: { compromised: shown.json } }),
    });
  },
});

/** Shows from which entry on the key falls, and what. */
async function showFalls(
  context: Context,
  who: string,
  moment: string,
): Promise<{ readonly since: number; readonly json: JsonValue }> {
  const snapshot = await (await clientReading(context)).snapshot();
  const kid = kidNamed(wholeDocument(snapshot.policies.inForce), who);
  const asked = parseMoment(moment, '--compromised-since');
  const since = await compromisedSince(snapshot, asked);
  const fallen = await whatFalls(snapshot, kid, since.size);
  const effects = await effectsOn(snapshot, kid, since.size, fallen);
  const time = asked.kind === 'time' ? asked.time : undefined;
  const delegates = snapshot.policies.inForce.keys.get(kid)?.enrolled.roles.includes('delegator') === true;
  const lines = [
    ...compromisedLines(since, time, fallen, effects),
    // They are listed by the keys of the nodes, which no policy names.
    ...(delegates
      ? ['  and every proof by a key that it delegated to, which is not counted here: they read REVOKED']
      : []),
  ];
  context.output.print(lines.join('\n'));
  return { since: since.size, json: { ...compromisedJson(since, fallen, effects), delegates } };
}
