/** What stands above the rows: how many of each verdict, what is covered and until when, prefixes and owners, filters. */
import type { ComponentChildren, VNode } from 'preact';
import { WORST_FIRST } from '../../../../appraisal/gate.ts';
import { formatTime } from '../../../../bytes/time.ts';
import { VERDICTS } from '../../../../statement/vocabulary.ts';
import { dueOf, spanOf } from '../../../../words/plain.ts';
import type { Boot } from '../../../shared/boot.ts';
import type { OverviewGroup, OverviewJson } from '../../../shared/overview.ts';
import { VerdictShape } from '../../draw/marks.ts';
import { html } from '../../html.ts';
import { Field } from '../field.ts';
import { linkTo } from '../../links.ts';
import { queryOf, type Filter } from './asking.ts';

type Change = (change: Partial<Filter>) => void;

interface Props {
  readonly boot: Boot;
  readonly told: OverviewJson;
  readonly filter: Filter;
  readonly change: Change;
}

/** Subjects by verdict: a press shows those alone. The numbers are the server's, so nothing here is green. */
export function Counts({ told, filter, change, boot }: Props): VNode {
  const shown = WORST_FIRST.filter(
    (verdict) => (told.counts[verdict] ?? 0) > 0 || filter.verdict === verdict,
  );
  return html`<ul class="tally" aria-label="Subjects by their worst verdict, in the server's words">
    ${shown.map(
      (verdict) =>
        html`<li key=${verdict}>
          <${FilterLink}
            boot=${boot}
            filter=${{ ...filter, verdict: filter.verdict === verdict ? '' : verdict }}
            change=${change}
            chosen=${filter.verdict === verdict}
            class="hollow"
          >
            <${VerdictShape} verdict=${verdict} />
            <b>${(told.counts[verdict] ?? 0).toLocaleString('en')}</b> ${verdict}
          <//>
        </li>`,
    )}
  </ul>`;
}

interface LinkProps {
  readonly boot: Boot;
  readonly filter: Filter;
  readonly change: Change;
  readonly chosen: boolean;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

/** A link that filters without loading the page again. */
function FilterLink({ boot, filter, change, chosen, class: name, children }: LinkProps): VNode {
  const query = queryOf(filter).toString();
  return html`<a
    class=${name}
    href=${linkTo(boot, { kind: 'home' }) + (query === '' ? '' : `?${query}`)}
    aria-current=${chosen ? 'true' : undefined}
    onClick=${(event: MouseEvent) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      change(filter);
    }}
    >${children}</a
  >`;
}

/** For an auditor: until when, since when not, what is waived. */
export function Coverage({
  told,
  boot,
  now,
}: Pick<Props, 'told' | 'boot'> & { readonly now: number }): VNode {
  const {
    covered_until: until,
    longest_uncovered: longest,
    claims,
    without_claims: none,
    left_out: out,
  } = told;
  const waived = claims.WAIVED ?? 0;
  const all = Object.values(claims).reduce((sum, each) => sum + each, 0);
  return html`<dl class="facts">
    <dt>Proven until</dt>
    <dd>
      ${until === null ? 'no subject is PROVEN throughout' : html`${formatTime(until)} <span class="quiet">(the next proof is due ${dueOf(until, now)})</span>`}
    </dd>
    <dt>Longest without a proof</dt>
    <dd>
      ${
        longest === null
          ? 'none is late'
          : html`${spanOf(Math.max(0, now - longest.since))}:${' '}
              <a href=${linkTo(boot, { kind: 'subject', subject: longest.subject })}
                ><bdi>${longest.subject}</bdi></a
              >`
      }
    </dd>
    <dt>Claims</dt>
    <dd>
      ${`${all.toLocaleString('en')}, of which ${waived.toLocaleString('en')} ${waived === 1 ? 'is' : 'are'} waived`}
    </dd>
    ${
      none === 0
        ? null
        : html`<dt>Withdrawn</dt>
            <dd>${none.toLocaleString('en')} subjects claim nothing</dd>`
    }
    ${
      out === 0
        ? null
        : html`<dt>Left out</dt>
            <dd class="stale">${out.toLocaleString('en')} subjects: the server keeps no more</dd>`
    }
  </dl>`;
}

export function Filters({ told, filter, change }: Omit<Props, 'boot'>): VNode {
  const take = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = data.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    change({ prefix: text('prefix'), owner: text('owner'), verdict: text('verdict') });
  };
  const isSet = queryOf(filter).size > 0;
  return html`<form class="search" role="search" aria-label="Subjects" onSubmit=${take}>
    <${Field} name="prefix" label="Subjects that begin with" value=${filter.prefix} list="prefixes" />
    <datalist id="prefixes">
      ${told.prefixes.map(({ name }) => html`<option key=${name} value=${name} />`)}
    </datalist>
    <${Field} name="owner" label="Owner" value=${filter.owner} list="owners" />
    <datalist id="owners">
      ${told.owners.map(({ name }) => html`<option key=${name} value=${name} />`)}
    </datalist>
    <label>
      Worst verdict${' '}
      <select name="verdict">
        <option value="">any</option>
        ${VERDICTS.map((each) => html`<option key=${each} selected=${filter.verdict === each}>${each}</option>`)}
      </select>
    </label>
    <button class="main" type="submit">Show</button>
    ${isSet ? html`<button type="button" onClick=${() => change({ prefix: '', owner: '', verdict: '' })}>Show all</button>` : null}
  </form>`;
}

/** By prefix or owner: which of them has the worst. */
export function Groups({
  title,
  name,
  groups,
  filter,
  change,
  boot,
}: Omit<Props, 'told'> & {
  readonly title: string;
  readonly name: 'prefix' | 'owner';
  readonly groups: readonly OverviewGroup[];
}): VNode | null {
  if (groups.length === 0) return null;
  return html`<details class="groups" open=${groups.length > 1 && groups.length <= 8}>
    <summary>${`${title} (${groups.length})`}</summary>
    <ul>
      ${groups.map(
        (group) =>
          html`<li key=${group.name}>
            <${FilterLink}
              boot=${boot}
              filter=${{ ...filter, [name]: group.name }}
              change=${change}
              chosen=${filter[name] === group.name}
            >
              <bdi>${group.name}</bdi>
            <//>
            <span class="hollow"
              >${WORST_FIRST.filter((each) => group.counts[each] !== undefined).map(
                (each) =>
                  html`<span class="part" key=${each}
                    ><${VerdictShape} verdict=${each} />${group.counts[each]}
                    <span class="hidden">${each}</span></span
                  >`,
              )}</span
            >
          </li>`,
      )}
    </ul>
  </details>`;
}
