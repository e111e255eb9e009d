/** The page /search: entries by subject, key, digest, kind and time; with up to where and how it was checked. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { parseMomentTime } from '../../../client/moment.ts';
import { Refusal } from '../../../bytes/refusal.ts';
import { shellWord } from '../../../bytes/shellword.ts';
import { formatTime } from '../../../bytes/time.ts';
import { STATEMENT_KINDS } from '../../../statement/kinds.ts';
import type { Boot } from '../../shared/boot.ts';
import { TITLES } from '../../shared/place.ts';
import { html } from '../html.ts';
import { linkTo, logUrl } from '../links.ts';
import { useAnswers, useSession, type Session } from '../state/session.ts';
import type { ViewProps } from '../view.ts';
import type { Fault, SearchAsk, SearchShown, ToldRow } from '../worker/protocol.ts';
import { VerifierFault } from '../worker/remote.ts';
import { FaultNote } from './checks.ts';
import { Command } from './copied.ts';
import { EntryShow } from './entry/shown.ts';
import { Field } from './field.ts';

/** Rows of one answer. */
export const ROWS = 100;

export function Search({ place, boot }: ViewProps<'search'>): VNode {
  const session = useSession(boot);
  const query = new URLSearchParams(location.search);
  const digest = query.get('digest') ?? '';
  const asked = askedIn(query);
  return html`<h1>${TITLES[place.kind]}</h1>
    <${Form} boot=${boot} query=${query} />
    ${typeof asked === 'string' ? html`<p class="alarm" role="alert">${asked}</p>` : null}
    ${session && digest !== '' ? html`<${EntryShow} boot=${boot} session=${session} name=${digest} />` : null}
    ${session && digest === '' && typeof asked !== 'string' ? html`<${Found} boot=${boot} session=${session} asked=${asked} />` : null}
    ${typeof asked === 'string' || asked.subject === undefined ? null : html`<${Past} boot=${boot} subject=${asked.subject} />`}`;
}

function Past({ boot, subject }: { readonly boot: Boot; readonly subject: string }): VNode {
  return html`<h2>Its past on the command line</h2>
    <${Command} text=${`tallystick history ${shellWord(subject)} --log ${shellWord(logUrl(boot))}`} />`;
}

/** A question as a URL has it; or why it is none. */
export function askedIn(query: URLSearchParams): SearchAsk | string {
  const given = (name: string): string | undefined => {
    const text = query.get(name)?.trim() ?? '';
    return text === '' ? undefined : text;
  };
  const [subject, kid, before] = [given('subject'), given('kid'), given('before')];
  const of = STATEMENT_KINDS.find((each) => each === given('kind'));
  try {
    const since = given('since') && parseMomentTime(given('since') ?? '', 'from', 'start');
    const until = given('until') && parseMomentTime(given('until') ?? '', 'until', 'end');
    return {
      kind: 'search',
      limit: ROWS,
      whole: given('whole') === '1',
      ...(subject !== undefined && { subject }),
      ...(kid !== undefined && { kid: kid.toLowerCase() }),
      ...(of !== undefined && { of }),
      ...(before !== undefined && /^[0-9]{1,15}$/.test(before) && { before: Number(before) }),
      ...(typeof since === 'number' && { since }),
      ...(typeof until === 'number' && { until: until + 1 }),
    };
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const FIELDS = [
  ['subject', 'Subject (its whole name)'],
  ['kid', 'Key (64 hex digits)'],
  ['digest', 'Digest of an entry (64 hex digits)'],
  ['since', 'From (2026-01-05, or with a time)'],
  ['until', 'Until'],
] as const;

/** A form that asks by its URL, so that a search can be linked. */
function Form({ boot, query }: { readonly boot: Boot; readonly query: URLSearchParams }): VNode {
  return html`<form class="search" method="get" action=${linkTo(boot, { kind: 'search' })}>
    ${FIELDS.map(
      ([name, label]) =>
        html`<${Field} key=${name} name=${name} label=${label} value=${query.get(name) ?? ''} />`,
    )}
    <label>
      Kind${' '}
      <select name="kind">
        <option value="">any</option>
        ${STATEMENT_KINDS.map((each) => html`<option key=${each} selected=${query.get('kind') === each}>${each}</option>`)}
      </select>
    </label>
    <button class="main" type="submit">Search</button>
  </form>`;
}

interface Shown {
  readonly told: readonly ToldRow[];
  readonly wrong: ReadonlyMap<number, Fault>;
  readonly result: SearchShown | undefined;
  readonly fault: Fault | undefined;
}

const NOTHING: Shown = { told: [], wrong: new Map(), result: undefined, fault: undefined };

function useFound(session: Session, asked: SearchAsk): Shown {
  const [shown, setShown] = useState(NOTHING);
  const key = JSON.stringify(asked);
  const ask = (): (() => void) => {
    setShown(NOTHING);
    const wrong = new Map<number, Fault>();
    const question = session.ask(asked, (part) => {
      if (part.kind === 'found') setShown((each) => ({ ...each, told: part.rows }));
      if (part.kind !== 'entries') return;
      for (const { index, fault } of part.wrong) wrong.set(index, fault);
    });
    const wait = async (): Promise<void> => {
      try {
        const result = await question.result;
        const verified = result.found.length;
        session.count({ verified, wrong: wrong.size, rows: verified + wrong.size });
        setShown((each) => ({ ...each, wrong, result }));
      } catch (error) {
        if (!(error instanceof VerifierFault)) throw error;
        if (error.fault.code !== 'stopped') setShown((each) => ({ ...each, fault: error.fault }));
      }
    };
    void wait();
    return () => question.stop();
  };
  useAnswers(session, ask, [key]);
  return shown;
}

interface FoundProps {
  readonly boot: Boot;
  readonly session: Session;
  readonly asked: SearchAsk;
}

/** What a search finds. */
export function Found({ boot, session, asked }: FoundProps): VNode {
  const { told, wrong, result, fault } = useFound(session, asked);
  const own = new Map(result?.found.map((each) => [each.index, each]));
  return html`${fault && html`<${FaultNote} fault=${fault} />`}
  ${
    result === undefined && fault === undefined
      ? html`<p role="status">
          ${told.length === 0 ? 'Searching' : `${told.length} found; each is being verified`} …
        </p>`
      : null
  }
  ${result && told.length === 0 ? html`<p>There is no such entry.</p>` : null}
  ${told.length === 0 ? null : html`<${Rows} boot=${boot} told=${told} own=${own} wrong=${wrong} />`}
  ${result && html`<${More} boot=${boot} asked=${asked} result=${result} />`}`;
}

interface RowsProps {
  readonly boot: Boot;
  readonly told: readonly ToldRow[];
  readonly own: ReadonlyMap<number, SearchShown['found'][number]>;
  readonly wrong: ReadonlyMap<number, Fault>;
}

function Rows({ boot, told, own, wrong }: RowsProps): VNode {
  return html`<table class="cards">
    <caption>
      Entries, newest first
    </caption>
    <thead>
      <tr>
        ${['Entry', 'Kind', 'Subject', 'Logged', 'Signed by'].map((each) => html`<th key=${each} scope="col">${each}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${told.map(({ index, subject, time }) => {
        const found = own.get(index);
        const fault = wrong.get(index);
        return html`<tr key=${index} class=${found === undefined ? 'hollow' : ''}>
          <td data-label="Entry"><a href=${linkTo(boot, { kind: 'entry', index })}>${index}</a></td>
          <td data-label="Kind">
            ${found?.kind ?? (fault === undefined ? 'says the server' : html`<b class="violated">does not hold: ${fault.text}</b>`)}
          </td>
          <td data-label="Subject"><a href=${linkTo(boot, { kind: 'subject', subject })}>${subject}</a></td>
          <td data-label="Logged"><time>${formatTime(time)}</time></td>
          <td data-label="Signed by">${found?.signer ?? ''}</td>
        </tr>`;
      })}
    </tbody>
  </table>`;
}

interface MoreProps extends Pick<FoundProps, 'boot' | 'asked'> {
  readonly result: SearchShown;
}

function More({ boot, asked, result }: MoreProps): VNode {
  const link = (change: Readonly<Record<string, string>>): string => {
    const query = new URLSearchParams(location.search);
    if (asked.subject !== undefined) query.set('subject', asked.subject);
    for (const [name, value] of Object.entries(change)) query.set(name, value);
    return `${linkTo(boot, { kind: 'search' })}?${query}`;
  };
  return html`<p class="pager">
      ${result.next === null ? null : html`<a href=${link({ before: String(result.next) })}>Older ones</a>`}
      ${asked.whole === true ? null : html`<a href=${link({ whole: '1' })}>Read the whole log, so that nothing can be left out</a>`}
    </p>
    <p class="quiet">${result.checked}</p>`;
}
