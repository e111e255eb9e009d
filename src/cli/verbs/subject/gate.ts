/** `tallystick gate` and `tallystick wait`: whether a pipeline may go on. */
import { EXIT } from '../../exit.ts';
import { gate as gateOf, gateSince, type Hindrance } from '../../../appraisal/gate.ts';
import { EVIDENCE_CLASSES } from '../../../statement/vocabulary.ts';
import type { Context } from '../../frame/context.ts';
import type { Flags } from '../../frame/verb.ts';
import { durationOf, readingOf, seeAll, sleepOf } from './asked.ts';
import { isAway } from '../../../bytes/nature.ts';
import type { Snapshot } from '../../../client/snapshot.ts';
import type { LogClient } from '../../../client/client.ts';
import { checkedLine, countsOf, subjectLines } from '../../views/show.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { subjectJson } from '../../../appraisal/json.ts';
import type { Appraised } from './appraised.ts';
import { line, spanOf } from '../../views/words.ts';

/** Looks once. */
export async function gate(
  context: Context,
  subjects: readonly string[],
  flags: Flags<'full', 'require' | 'minEvidence' | 'maxAge', 'monitor'>,
): Promise<number> {
  const strict = (flags.text('require') ?? 'fresh') === 'proven';
  const minEvidence = EVIDENCE_CLASSES.find((each) => each === flags.text('minEvidence'));
  const age = flags.text('maxAge');
  const maxAge = age === undefined ? undefined : durationOf(age, '--max-age');
  const look = await (await readingOf(context, flags)).snapshot();
  const seen = await seeAll(look, subjects);
  const hindrances = seen.flatMap((each) => gateOf(each, { strict, minEvidence, maxAge }));
  return report(context, 'gate', look, seen, hindrances);
}

/** One line for people. */
function textOf(hindrance: Hindrance): string {
  if (hindrance.kind === 'no-claims') return `${line(hindrance.subject)} has no claims`;
  const { claim, verdict, evidence = 'E0', age = 0, explain } = hindrance.claim;
  if (hindrance.kind === 'class') return `${claim.id} is known at class ${evidence} only`;
  if (hindrance.kind === 'age') return `${claim.id} was proven ${spanOf(age)} ago`;
  if (hindrance.kind === 'unseen') return `no proof of ${claim.id} since then`;
  return `${claim.id} is ${verdict}${explain === undefined ? '' : `: ${line(explain)}`}`;
}

/** Milliseconds between two looks. */
const PAUSE_MS = 2_000;

/** Looks until every claim was proven by a look at the target after the deployment, or time is up. */
export async function wait(
  context: Context,
  subjects: readonly string[],
  flags: Flags<'full', 'within' | 'from', 'monitor'>,
): Promise<number> {
  const within = durationOf(flags.text('within') ?? '5m', '--within');
  const { now } = context.world;
  const started = Math.floor(now() / 1000);
  const fromNow = flags.text('from') === 'now';
  const sleep = sleepOf(context);
  const client = await readingOf(context, flags);
  let told = '';
  for (;;) {
    const found = await lookPatiently(client, subjects, started + within > now() / 1000);
    if (found !== undefined) {
      const { look, seen } = found;
      const hindrances = seen.flatMap((each) => {
        const since = fromNow ? started : (deployedAt(each) ?? started);
        return gateSince(each, since);
      });
      const over = look.now >= started + within;
      if (hindrances.length === 0 || over || hindrances.some(({ failed }) => failed))
        return report(context, 'wait', look, seen, hindrances, look.now - started);
      const text = hindrances.map(textOf).join('; ');
      if (text !== told) context.output.note(`waiting: ${text}`);
      told = text;
    }
    await sleep(Math.min(PAUSE_MS, Math.max(50, (started + within) * 1000 - now())));
  }
}

/** A log that is away comes back, as long as there is time. */
async function lookPatiently(
  client: LogClient,
  subjects: readonly string[],
  hasTime: boolean,
): Promise<{ readonly look: Snapshot; readonly seen: readonly Appraised[] } | undefined> {
  try {
    const look = await client.snapshot();
    return { look, seen: await seeAll(look, subjects) };
  } catch (error) {
    if (hasTime && isAway(error)) return undefined;
    throw error;
  }
}

/** When the commitment in force was deployed last. */
function deployedAt({ history }: Appraised): number | undefined {
  const id = history.inForce?.entry.id;
  const newest = history.deployments.findLast(
    ({ parsed: { deployment } }) => deployment.commitment.toHex() === id,
  );
  return newest && Math.min(newest.time, newest.parsed.deployment.deployed);
}

function report(
  { output }: Context,
  name: 'gate' | 'wait',
  look: Snapshot,
  seen: readonly Appraised[],
  hindrances: readonly Hindrance[],
  waited?: number,
): number {
  const verdicts = seen.flatMap(({ claims }) => claims.map(({ verdict }) => verdict));
  const passed = hindrances.length === 0;
  if (passed) {
    const after = waited === undefined ? '' : ` after ${spanOf(waited)}`;
    output.print(`${output.paint('green', 'passed')}${after}: ${countsOf(verdicts)}`);
  } else {
    for (const each of seen) output.print(subjectLines(output, each).join('\n'));
    for (const each of hindrances)
      output.print(output.paint(each.failed ? 'red' : 'yellow', `not passed: ${textOf(each)}`));
  }
  output.note(checkedLine(look));
  output.result(name, {
    ...snapshotJson(look),
    passed,
    ...(waited !== undefined && { waited }),
    hindrances: hindrances.map(textOf),
    subjects: seen.map(subjectJson),
  });
  if (passed) return EXIT.ok;
  return hindrances.some(({ failed }) => failed) ? EXIT.verification : EXIT.quorum;
}
