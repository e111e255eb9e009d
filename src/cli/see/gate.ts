/** `tallystick gate` and `tallystick wait`: whether a pipeline may go on. */
import { EXIT } from '../exit.ts';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import { EVIDENCE_CLASSES, type EvidenceClass } from '../../statement/vocabulary.ts';
import type { Context } from '../context.ts';
import type { Flags } from '../verb.ts';
import { durationOf, readingOf, seeAll, sleepOf } from './asked.ts';
import { isAway } from '../../bytes/nature.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import type { LogClient } from '../../client/client.ts';
import { checkedLine, countsOf, lookJson, subjectJson, subjectLines } from './show.ts';
import { exitOf, type Seen } from './seen.ts';
import { line, spanOf } from './words.ts';

/** Why a claim does not let a pipeline go on; `failed` when it was seen not to hold. */
interface Hindrance {
  readonly text: string;
  readonly failed: boolean;
}

/** Looks once. */
export async function gate(context: Context, subjects: readonly string[], flags: Flags): Promise<number> {
  const strict = (flags.text('require') ?? 'fresh') === 'proven';
  const minEvidence = EVIDENCE_CLASSES.find((each) => each === flags.text('minEvidence'));
  const age = flags.text('maxAge');
  const maxAge = age === undefined ? undefined : durationOf(age, '--max-age');
  const look = await (await readingOf(context, flags)).snapshot();
  const seen = await seeAll(look, subjects);
  const wanted = { strict, minEvidence, maxAge };
  const hindrances = seen.flatMap((each) => hindrancesOf(each, (claim) => gateHindrance(claim, wanted)));
  return report(context, 'gate', look, seen, hindrances);
}

function gateHindrance(
  { claim, verdict, evidence, age, explain }: ClaimStatus,
  wanted: {
    readonly strict: boolean;
    readonly minEvidence: EvidenceClass | undefined;
    readonly maxAge: number | undefined;
  },
): Hindrance | undefined {
  if (verdict === 'WAIVED' && !wanted.strict) return undefined;
  if (verdict !== 'PROVEN')
    return {
      text: `${claim.id} is ${verdict}${explain === undefined ? '' : `: ${line(explain)}`}`,
      failed: exitOf([verdict]) === EXIT.verification,
    };
  if (wanted.minEvidence !== undefined && (evidence ?? 'E0') < wanted.minEvidence)
    return { text: `${claim.id} is known at class ${evidence ?? 'E0'} only`, failed: false };
  if (wanted.maxAge !== undefined && (age ?? Infinity) > wanted.maxAge)
    return { text: `${claim.id} was proven ${spanOf(age ?? 0)} ago`, failed: false };
  return undefined;
}

/** A subject without claims proves nothing, and so lets nothing pass. */
function hindrancesOf(
  { subject, claims }: Seen,
  of: (standing: ClaimStatus) => Hindrance | undefined,
): readonly Hindrance[] {
  if (claims.length === 0) return [{ text: `${line(subject)} has no claims`, failed: false }];
  return claims.flatMap((each) => of(each) ?? []);
}

/** Milliseconds between two looks. */
const PAUSE_MS = 2_000;

/** Looks until every claim was proven by a look at the target after the deployment, or time is up. */
export async function wait(context: Context, subjects: readonly string[], flags: Flags): Promise<number> {
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
        return hindrancesOf(each, (claim) => waitHindrance(claim, since));
      });
      const over = look.now >= started + within;
      if (hindrances.length === 0 || over || hindrances.some(({ failed }) => failed))
        return report(context, 'wait', look, seen, hindrances, look.now - started);
      const text = hindrances.map((each) => each.text).join('; ');
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
): Promise<{ readonly look: Snapshot; readonly seen: readonly Seen[] } | undefined> {
  try {
    const look = await client.snapshot();
    return { look, seen: await seeAll(look, subjects) };
  } catch (error) {
    if (hasTime && isAway(error)) return undefined;
    throw error;
  }
}

/** When the commitment in force was deployed last. */
function deployedAt({ history }: Seen): number | undefined {
  const id = history.inForce?.entry.id;
  const newest = history.deployments.findLast(
    ({ parsed: { deployment } }) => deployment.commitment.toHex() === id,
  );
  return newest && Math.min(newest.time, newest.parsed.deployment.deployed);
}

/** What was seen before `since` neither passes nor fails. */
function waitHindrance(
  { claim, verdict, started, explain }: ClaimStatus,
  since: number,
): Hindrance | undefined {
  if (verdict === 'WAIVED') return undefined;
  if ((started ?? -Infinity) < since) return { text: `no proof of ${claim.id} since then`, failed: false };
  if (verdict === 'PROVEN') return undefined;
  return {
    text: `${claim.id} is ${verdict}${explain === undefined ? '' : `: ${line(explain)}`}`,
    failed: exitOf([verdict]) === EXIT.verification,
  };
}

function report(
  { output }: Context,
  name: 'gate' | 'wait',
  look: Snapshot,
  seen: readonly Seen[],
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
    for (const { text, failed } of hindrances)
      output.print(output.paint(failed ? 'red' : 'yellow', `not passed: ${text}`));
  }
  output.note(checkedLine(look));
  output.result(name, {
    ...lookJson(look),
    passed,
    ...(waited !== undefined && { waited }),
    hindrances: hindrances.map(({ text }) => text),
    subjects: seen.map(subjectJson),
  });
  if (passed) return EXIT.ok;
  return hindrances.some(({ failed }) => failed) ? EXIT.verification : EXIT.quorum;
}
