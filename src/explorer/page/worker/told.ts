/**
 * Compares what a server says of a subject with what was computed from its verified entries. Whatever differs is shown: a
 * server may be wrong in good faith, and a page never shows its word as verified.
 */
import type { HistoryJson } from '../../../appraisal/past/json.ts';
import type { SubjectJson } from '../../../appraisal/json.ts';
import { formatTime } from '../../../bytes/time.ts';
import type { Differs, ToldSubject } from './protocol.ts';

type Claim = HistoryJson['claims'][number];
type Look = Claim['looks'][number];

/** Differences shown of one claim. */
const MOST = 50;

/** What the server said otherwise, of entries that it had. */
export function differencesOf(told: HistoryJson, own: HistoryJson): readonly Differs[] {
  const theirs = new Map(told.claims.map((each) => [each.claim, each]));
  const unknown = told.claims.filter(({ claim }) => !own.claims.some((each) => each.claim === claim));
  return [
    ...own.claims.flatMap((each) => claimDiffers(theirs.get(each.claim), each, told, own).slice(0, MOST)),
    ...unknown.map(({ claim }) =>
      differs(claim, 'made up', null, 'no declaration of the period has this claim'),
    ),
  ];
}

function claimDiffers(
  told: Claim | undefined,
  own: Claim,
  theirs: HistoryJson,
  ours: HistoryJson,
): readonly Differs[] {
  const { claim } = own;
  if (told === undefined) return [differs(claim, 'left out', null, 'the server does not name this claim')];
  const looks = looksDiffer(claim, told.looks, own.looks, theirs.size);
  // Spans follow from all entries: those of another size may be others.
  if (theirs.size !== ours.size || theirs.until !== ours.until || theirs.since !== ours.since) return looks;
  const spans = own.spans.flatMap((each, i) => {
    const other = told.spans[i];
    const fine =
      other !== undefined &&
      other.from === each.from &&
      other.to === each.to &&
      other.kind === each.kind &&
      other.verdict === each.verdict;
    const text = `from ${formatTime(each.from)} it is ${each.kind}, and the server says ${other?.kind ?? 'nothing'}`;
    return fine ? [] : [differs(claim, 'span', null, text)];
  });
  const figures = (['looks', 'proven', 'failed', 'missed', 'expected'] as const).flatMap((name) =>
    told.figures[name] === own.figures[name]
      ? []
      : [
          differs(
            claim,
            'figures',
            null,
            `${name}: ${own.figures[name]}, and the server says ${told.figures[name]}`,
          ),
        ],
  );
  return [...looks, ...spans, ...figures];
}

function looksDiffer(
  claim: string,
  told: readonly Look[],
  own: readonly Look[],
  size: number,
): readonly Differs[] {
  const theirs = new Map(told.map((each) => [each.index, each]));
  const ours = new Set(own.map(({ index }) => index));
  const found = own.flatMap((each): readonly Differs[] => {
    const other = theirs.get(each.index);
    if (other === undefined)
      return each.index < size
        ? [
            differs(
              claim,
              'left out',
              each.index,
              `the server leaves out entry ${each.index}: ${each.verdict}`,
            ),
          ]
        : [];
    const same =
      other.entry === each.entry &&
      other.verdict === each.verdict &&
      other.stated === each.stated &&
      other.evidence === each.evidence &&
      other.kid === each.kid &&
      other.window.start === each.window.start;
    const text = `entry ${each.index} is ${each.verdict}, and the server says ${other.verdict}`;
    return same ? [] : [differs(claim, 'look', each.index, text)];
  });
  const made = told.filter(({ index }) => !ours.has(index));
  return [
    ...found,
    ...made.map(({ index }) => differs(claim, 'made up', index, `entry ${index} is no look at this claim`)),
  ];
}

function differs(claim: string, what: Differs['what'], index: number | null, text: string): Differs {
  return { claim, what, index, text };
}

/** Whether the server said the same verdicts; undefined if it said none. */
export function saidTheSame({ claims }: ToldSubject, own: SubjectJson): boolean | undefined {
  if (claims === undefined) return undefined;
  const told = new Map(claims.map((each) => [each.claim, each]));
  return (
    claims.length === own.claims.length &&
    own.claims.every(({ claim, verdict, hidden }) => {
      const said = told.get(claim);
      return said?.verdict === verdict && said.hidden === hidden;
    })
  );
}
