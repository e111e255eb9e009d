/** `index.html`: what a bundle says, for whoever opens it. Everything on it is made again by `verify` and compared. */
import type { ClaimPast, Difference, KnownHistory, Span } from '../../appraisal/past/known-types.ts';
import type { Period } from '../../appraisal/past/types.ts';
import { WHY } from '../../words/history.ts';
import { html, length, list, moment, page, share, table, type Html } from './html.ts';
import type { Scope } from './manifest.ts';
import { BY_HAND, CONTROLS, historyFile, KEYS, VERIFIER } from './names.ts';

/** What the page is made of. */
export interface PageParts {
  readonly scope: Scope;
  readonly histories: readonly KnownHistory[];
  readonly notProven: readonly string[];
  /** Fingerprint of the trust policy under which the bundle was made. */
  readonly fingerprint: string;
  readonly entries: number;
  /** Whether a verifier is in the bundle. */
  readonly verifier: boolean;
}

/** Most spans of one kind that are listed for a claim; the rest is in its history file. */
const MOST_ROWS = 200;

/** The page's text. */
export function bundlePage(parts: PageParts): string {
  const { scope, histories } = parts;
  const body = html`<h1>${scope.log}</h1>
    <p>
      What this log says of
      ${scope.subjects.length === 1 ? 'one subject' : `${scope.subjects.length} subjects`} from
      ${moment(scope.period.since)} to ${moment(scope.period.until)}, UTC.
    </p>
    <p class="note">
      Nothing on this page is believed because it stands here.
      <code>tallystick verify FILE.zip --policy trust.txt</code>, with a trust policy of your own, makes it
      again from signed entries and compares each
      byte${parts.verifier ? html`; so does <code>node ${VERIFIER} FILE.zip --policy trust.txt</code>` : html` (there is no single-file verifier in this bundle: the package of tallystick ${scope.made_with} has it, <code>command/${VERIFIER}</code>)`}.
      <code>${BY_HAND}</code> says how far openssl and sha256sum reach.
    </p>
    <h2>What is not proven</h2>
    ${list(parts.notProven)}
    <h2>Claims</h2>
    ${figuresTable(histories, scope.period)}
    ${scope.controls.length > 0 ? html`<p>By control and day: <code>${CONTROLS}</code>.</p> ` : ''}
    ${histories.map((history, place) => subjectPart(history, place))}
    <h2>What it rests on</h2>
    ${restsOn(parts)} `;
  return page(`${scope.log}: ${moment(scope.period.since)} to ${moment(scope.period.until)}`, body);
}

/** A count that should be 0. */
function bad(n: number): Html {
  return n > 0 ? html`<span class="bad">${n}</span>` : html`0`;
}

/** A text that is not broken into lines. */
function whole(text: string): Html {
  return html`<span class="whole">${text}</span>`;
}

/** One row a claim. */
function figuresTable(histories: readonly KnownHistory[], { since, until }: Period): Html {
  const rows = histories.flatMap(({ subject, claims }) =>
    claims.map(({ claim, figures }) => {
      const { expected, looks, proven, failed, missed, late, seconds, hidden, grades } = figures;
      return [
        subject,
        claim,
        `${looks} of ${expected}`,
        proven,
        bad(failed),
        bad(missed),
        bad(late),
        share(seconds.covered, until - since),
        seconds.failed + hidden.failed > 0
          ? html`<span class="bad whole">${length(seconds.failed + hidden.failed)}</span>`
          : '0 s',
        whole(length(seconds.uncovered + hidden.uncovered)),
        whole(length(seconds.waived)),
        `${grades.looks}, ${grades.time}`,
      ];
    }),
  );
  const columns = [
    'subject',
    'claim',
    'looks, of expected',
    'PROVEN',
    'failed',
    'missed',
    'late',
    'covered',
    'failed for',
    'nothing known for',
    'waived for',
    'complete by',
  ];
  return table(columns, rows);
}

function subjectPart(history: KnownHistory, place: number): Html {
  const { subject, keys, declared, claims, grades, wrong } = history;
  return html`<h2>${subject}</h2>
    <p>All of it as data: <code>${historyFile(place)}</code>.</p>
    <h3>Declared</h3>
    ${table(
      ['entry', 'id', 'in force from', 'approvals'],
      declared.map(({ entry, effective, approvals, needed }) => [
        entry.index,
        html`<code>${entry.id.slice(0, 16)}</code>`,
        effective === undefined ? 'never: approvals are missing' : moment(effective),
        `${approvals.length} of ${needed}`,
      ]),
    )}
    <h3>Who may prove</h3>
    ${table(
      ['key', 'names', 'proofs in the period', 'complete by', 'why', 'revoked'],
      keys.map(({ kid, names, proofs, grade, why, revoked }) => [
        html`<code>${kid.slice(0, 16)}</code>`,
        names.join(', '),
        proofs,
        grade,
        why,
        revoked === undefined ? '' : `from entry ${revoked.since}, said entry ${revoked.by}`,
      ]),
    )}
    <p>
      Entries by the grade of their completeness:
      ${Object.entries(grades)
        .map(([kind, grade]) => `${kind} ${grade}`)
        .join(', ')}.
      All keys of the log: <code>${KEYS}</code>.
    </p>
    ${
      wrong.length === 0
        ? ''
        : html`<h3>Times that cannot be</h3>
            ${list(wrong)}`
    }
    ${claims.length === 0 ? html`<p class="note">No claim is known in the period.</p> ` : claims.map(claimPart)}`;
}

function claimPart({ claim, spans, differences }: ClaimPast): Html {
  const shown = spans.filter(({ kind }) => kind !== 'covered');
  return html`<h3>${claim}</h3>
    ${shown.length === 0 ? html`<p>Covered throughout.</p> ` : spansTable(shown)}
    ${differences.length === 0 ? '' : differencesTable(differences)}`;
}

function spansTable(spans: readonly Span[]): Html {
  const rows = spans
    .slice(0, MOST_ROWS)
    .map(({ from, to, kind, hides, why, verdict, startedAfter, waiver }) => [
      whole(moment(from)),
      whole(moment(to)),
      whole(length(to - from)),
      kind === 'failed' || hides === 'failed'
        ? html`<span class="bad">${wordOf(kind, hides, verdict)}</span>`
        : wordOf(kind, hides, verdict),
      [
        ...(startedAfter === undefined ? [] : [`it began after ${moment(startedAfter)}`]),
        ...(why === undefined ? [] : [WHY[why]]),
        ...(waiver === undefined
          ? []
          : [`waived by ${waiver.parsed.waiver.owner}: ${waiver.parsed.waiver.reason}`]),
      ].join('; '),
    ]);
  const more = spans.length - rows.length;
  return html`${table(['from', 'to', 'for', 'what', 'why'], rows)}${more > 0 ? html`<p>${more} more are in the history file.</p> ` : ''}`;
}

function wordOf(kind: Span['kind'], hides: Span['hides'], verdict: Span['verdict']): string {
  if (kind === 'waived')
    return hides === 'failed' ? `WAIVED (${verdict ?? 'VIOLATED'})` : 'WAIVED, nothing known';
  return kind === 'failed' ? (verdict ?? 'failed') : 'nothing known';
}

function differencesTable(differences: readonly Difference[]): Html {
  const rows = differences
    .slice(0, MOST_ROWS)
    .map(({ from, to, believed, known, changedBy }) => [
      whole(moment(from)),
      whole(moment(to)),
      believed?.verdict ?? 'nothing',
      known?.verdict ?? 'nothing',
      changedBy.map(({ index, why }) => `entry ${index}: ${why}`).join('; '),
    ]);
  return html`<p>Readers of then were told something else:</p>
    ${table(['from', 'to', 'told', 'known now', 'changed by'], rows)}`;
}

function restsOn({ scope, fingerprint, entries }: PageParts): Html {
  const { start, end } = scope.heads;
  const headOf = (head: typeof end): string => `${head.size} entries, root ${head.root}`;
  return table(
    ['what', 'which'],
    [
      ['head after the period', headOf(end)],
      ['head before the period', start === null ? 'none' : headOf(start)],
      ['entries in this file', entries],
      ['trust policy it was made under', fingerprint],
      ['made with', `tallystick ${scope.made_with}`],
    ],
  );
}
