/**
 * The pack `no-enforcement-gap`: a claim about another claim of the same file, over time. It holds where no look of so many days showed
 * the other one false, and no span of these days is uncovered (spec/claims.md, "No gap").
 */
import { fitting } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { readsPrev } from '../claim/prev.ts';
import type { Claim, Parameter } from '../statement/commitment.ts';
import { languageOf } from './packs.ts';

export const NO_GAP = 'no-enforcement-gap';

const DAY = 86_400;
/** Most bytes of a title. */
const MOST_TITLE = 256;
/** A reader may have to read as many days of proofs. */
const MOST_DAYS = 366;

/**
 * The claim about `of`, looked at as that one is. Refuses `malformed-payload` for days that are none, and for a claim that is about
 * earlier looks itself.
 */
export function gapClaim(of: Claim, params: ReadonlyMap<string, Parameter>): Claim {
  const days = params.get('days');
  const others = [...params.keys()].filter((name) => name !== 'days');
  if (typeof days !== 'number' || days < 1 || days > MOST_DAYS || others.length > 0)
    throw refuse(
      'malformed-payload',
      `the pack ${NO_GAP} takes one parameter: the days that it is about, as in params: { days: 30 }, at most ${MOST_DAYS}`,
    );
  if (readsPrev(of))
    throw refuse(
      'malformed-payload',
      `claim ${of.id} is about earlier looks itself; ${NO_GAP} takes one that is about each look`,
    );
  const seconds = days * DAY;
  const { title = of.id, deadline: _, language: __, against: ___, ...rest } = of;
  const expr = `(${of.expr}) && prev.unbroken >= ${seconds} && !(prev.failed < ${seconds})`;
  return {
    ...rest,
    id: `${of.id}-no-gap`,
    title: fitting(
      `In no look of ${days} days otherwise, and no span of them uncovered: ${title}`,
      MOST_TITLE,
    ),
    expr,
    ...languageOf(expr),
    ...(of.deadline !== undefined && { deadline: of.deadline }),
  };
}
