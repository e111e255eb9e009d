/** The page /: what is red or uncovered now, since when, whose; until when the rest is covered. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { shellWord } from '../../../bytes/shellword.ts';
import { formatTime } from '../../../bytes/time.ts';
import type { Boot } from '../../shared/boot.ts';
import type { OverviewJson } from '../../shared/overview.ts';
import { TITLES } from '../../shared/place.ts';
import { html } from '../html.ts';
import { linkTo, logUrl } from '../links.ts';
import { useSession } from '../state/session.ts';
import type { ViewProps } from '../view.ts';
import { FaultNote } from './checks.ts';
import { Command } from './copied.ts';
import { saveFile } from '../texts.ts';
import { isWrong, Rows, standingOf } from './home/rows.ts';
import { csvOf } from './home/csv.ts';
import { Counts, Coverage, Filters, Groups } from './home/summary.ts';
import type { Filter } from './home/asking.ts';
import { useFilter, useTold, type Told, type ToldFault } from './home/told.ts';
import { useVerified } from './home/verified.ts';

export function Home({ place, boot }: ViewProps<'home'>): VNode {
  const [filter, change] = useFilter();
  const { told, fault, amiss, more } = useTold(boot, filter);
  return html`<h1>
      ${TITLES[place.kind]} <span class="quiet origin"><bdi>${boot.site?.origin}</bdi></span>
    </h1>
    ${fault && html`<${NothingNew} fault=${fault} />`}
    ${amiss.length === 0 ? null : html`<${Amiss} amiss=${amiss} />`}
    ${told === undefined ? (fault === undefined ? html`<p role="status">The server computes the verdicts …</p>` : null) : null}
    ${told && html`<${Overview} boot=${boot} told=${told} filter=${filter} change=${change} more=${more} />`}
    <${Newcomer} boot=${boot} />`;
}

function NothingNew({ fault }: { readonly fault: ToldFault }): VNode {
  const { text } = fault;
  if (!fault.isWrong)
    return html`<p class="note" role="status">The server says nothing new of its subjects: ${text}</p>`;
  return html`<p class="alarm" role="alert">
    <b>What the server says of its subjects cannot be used:</b> ${text}. Nothing of it is shown.
  </p>`;
}

/** An answer that cannot be: whatever its rows come to, its counts and its order are no guide. */
function Amiss({ amiss }: Pick<Told, 'amiss'>): VNode {
  return html`<div class="alarm" role="alert">
    <p>
      <b>The server's overview does not hold:</b> its counts and its order are no guide; what is filled below
      is what this browser computed.
    </p>
    <ul>
      ${amiss.map((each) => html`<li key=${each}>${each}</li>`)}
    </ul>
  </div>`;
}

interface Props extends Pick<Told, 'more'> {
  readonly boot: Boot;
  readonly told: OverviewJson;
  readonly filter: Filter;
  readonly change: (change: Partial<Filter>) => void;
}

function Overview({ boot, told, filter, change, more }: Props): VNode {
  const session = useSession(boot);
  const { rows, as_of: asOf } = told;
  const { own, fault, stop } = useVerified(session, rows, asOf.size);
  const head = session?.state.head?.size;
  const now = useNow(asOf.time);
  const standings = rows.map((row) => standingOf(row, own.get(row.subject), asOf.size, head));
  const wrong = standings.filter(isWrong).length;
  const verified = standings.filter((each) => each === 'verified' || each === 'newer').length;
  useEffect(
    () => session?.count({ verified, wrong, rows: rows.length }),
    [session, verified, wrong, rows.length],
  );
  return html`<${Counts} boot=${boot} told=${told} filter=${filter} change=${change} />
    <${Progress} told=${told} />
    <${Coverage} boot=${boot} told=${told} now=${now} />
    <${Filters} told=${told} filter=${filter} change=${change} />
    <${Sides} boot=${boot} told=${told} filter=${filter} change=${change} />
    ${fault && html`<${FaultNote} fault=${fault} />`}
    ${
      rows.length === 0
        ? html`<p>${told.computing === null ? 'No subject matches.' : 'Nothing is computed yet.'}</p>`
        : html`<${Rows} boot=${boot} rows=${rows} own=${own} size=${asOf.size} head=${head} now=${now} />`
    }
    <p class="pager">
      <span>${shownText(rows.length, matching(told, filter))}</span>
      ${more && html`<button type="button" onClick=${more}>Show more</button>`}
      ${stop && html`<button type="button" onClick=${stop}>Stop verifying</button>`}
      <${Export} boot=${boot} filter=${filter} />
    </p>
    <p class="quiet">
      Which subjects there are is the server's word: it could leave some out. Whoever reads every entry finds
      that out:
    </p>
    <${Command} text=${`tallystick registry --full --log ${shellWord(logUrl(boot))}`} />`;
}

function Sides({ boot, told: { prefixes, owners }, filter, change }: Omit<Props, 'more'>): VNode {
  const common = { boot, filter, change };
  return html`<div class="sides">
    <${Groups} title="By prefix" name="prefix" groups=${prefixes} ...${common} />
    <${Groups} title="By owner" name="owner" groups=${owners} ...${common} />
  </div>`;
}

function shownText(shown: number, of: number): string {
  return `${shown.toLocaleString('en')} of ${of.toLocaleString('en')} subjects are shown.`;
}

function matching({ subjects, counts }: OverviewJson, { verdict }: Filter): number {
  if (verdict === '') return subjects;
  return Object.entries(counts).find(([name]) => name === verdict)?.[1] ?? 0;
}

function Progress({
  told: { computing, as_of: asOf, computed_by: by },
}: {
  readonly told: OverviewJson;
}): VNode {
  const [size, time] = [asOf.size.toLocaleString('en'), formatTime(asOf.time)];
  if (computing === null)
    return html`<p class="quiet" role="status">
      ${`The ${by} says so of its ${size} entries, at ${time}.`}
    </p>`;
  const { done, of } = computing;
  const text = `The ${by} is computing: ${done.toLocaleString('en')} of ${of.toLocaleString('en')} subjects.`;
  return html`<p class="quiet" role="status">
    ${text} <progress max=${of} value=${done} aria-label="Computed by the server"></progress>
  </p>`;
}

function Export({ boot, filter }: { readonly boot: Boot; readonly filter: Filter }): VNode {
  const [state, setState] = useState('Save as CSV');
  const save = async (): Promise<void> => {
    setState('Saving …');
    try {
      saveFile('status.csv', 'text/csv', await csvOf(boot, filter, location.host));
      setState('Save as CSV');
    } catch (error) {
      setState(`Not saved: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return html`<button type="button" onClick=${() => void save()}>${state}</button>`;
}

/** For somebody who has a file, and nothing else. */
function Newcomer({ boot }: { readonly boot: Boot }): VNode {
  return html`<p>
    Somebody gave you a receipt, a proof or a bundle?${' '}
    <a href=${linkTo(boot, { kind: 'verify' })}>Verify the file</a>: it does not leave this browser. Whose
    keys this page goes by, and how to name your own, stands at its top.
  </p>`;
}

/** POSIX seconds: this machine's clock, not before the server's word. */
function useNow(least: number): number {
  const [now, setNow] = useState(() => Math.floor(Date.now() / 1000));
  useEffect(() => {
    const timer = setInterval(() => setNow(Math.floor(Date.now() / 1000)), 10_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(now, least);
}
