/**
 * Compares what a server says of a subject with what was computed from its verified entries. Whatever differs is shown: a
 * server may be wrong in good faith, and a page never shows its word as verified.
 */
import type { HistoryJson } from '../../../appraisal/past/json.ts';
import type { SubjectJson } from '../../../appraisal/json.ts';
import { formatTime } from '../../../bytes/time.ts';
import type { Common, Differs, ToldSubject } from './protocol.ts';

type Claim = HistoryJson['claims'][number];
type Look = Claim['looks'][number];

/** Differences shown of one claim. */
const MOST = 50;

/** What the server said otherwise, of entries that it had. */
export function differencesOf(told: HistoryJson, own: HistoryJson, common: Common): readonly Differs[] {
  const theirs = new Map(told.claims.map((each) => [each.claim, each]));
  const unknown =
    common === 'looks'
      ? []
      : told.claims.filter(({ claim }) => !own.claims.some((each) => each.claim === claim));
  return [
    ...own.claims.flatMap((each) =>
      claimDiffers(theirs.get(each.claim), each, told, own, common).slice(0, MOST),
    ),
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
  common: Common,
): readonly Differs[] {
  const { claim } = own;
  if (told === undefined)
    return common === 'looks'
      ? []
      : [differs(claim, 'left out', null, 'the server does not name this claim')];
  const asked = own.looks.filter(({ at }) => at >= theirs.since && at < theirs.until);
  const looks = looksDiffer({
    claim,
    told: told.looks,
    own: asked,
    all: own.looks,
    size: theirs.size,
    common,
  });
  // Spans follow from all entries: those of another size may be others.
  if (
    common !== 'all' ||
    theirs.size !== ours.size ||
    theirs.until !== ours.until ||
    theirs.since !== ours.since
  )
    return looks;
  return [...looks, ...spansDiffer(told, own), ...figuresDiffer(told, own)];
}

function spansDiffer(told: Claim, own: Claim): readonly Differs[] {
  return own.spans.flatMap((each, i) => {
    const other = told.spans[i];
    const fine =
      other !== undefined &&
      other.from === each.from &&
      other.to === each.to &&
      other.kind === each.kind &&
      other.verdict === each.verdict;
    const text = `from ${formatTime(each.from)} it is ${each.kind}, and the server says ${other?.kind ?? 'nothing'}`;
    return fine ? [] : [differs(own.claim, 'span', null, text)];
  });
}

function figuresDiffer(told: Claim, own: Claim): readonly Differs[] {
  return (['looks', 'proven', 'failed', 'missed', 'expected'] as const).flatMap((name) =>
    told.figures[name] === own.figures[name]
      ? []
      : [
          differs(
            own.claim,
            'figures',
            null,
            `${name}: ${own.figures[name]}, and the server says ${told.figures[name]}`,
          ),
        ],
  );
}

interface Looks {
  readonly claim: string;
  readonly told: readonly Look[];
  /** Of the server's period. */
  readonly own: readonly Look[];
  readonly all: readonly Look[];
  /** Entries that the server had. */
  readonly size: number;
  readonly common: Common;
}

function looksDiffer({ claim, told, own, all, size, common }: Looks): readonly Differs[] {
  const theirs = new Map(told.map((each) => [each.index, each]));
  const ours = new Set(all.map(({ index }) => index));
  const isServed = common === 'all';
  const found = own.flatMap((each): readonly Differs[] => {
    const other = theirs.get(each.index);
    if (other === undefined)
      return each.index < size && common !== 'looks'
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
      (!isServed || other.verdict === each.verdict) &&
      other.stated === each.stated &&
      (!isServed || other.evidence === each.evidence) &&
      other.kid === each.kid &&
      other.window.start === each.window.start;
    const [mine, its] = isServed ? [each.verdict, other.verdict] : [each.stated, other.stated];
    const text =
      mine === its
        ? `entry ${each.index} (${mine}) is another one than the server says`
        : `entry ${each.index} is ${mine}, and the server says ${its}`;
    return same ? [] : [differs(claim, 'look', each.index, text)];
  });
  const made = common === 'looks' ? [] : told.filter(({ index }) => !ours.has(index));
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
