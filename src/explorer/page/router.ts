/**
 * Which view a URL shows, in the frame that all views have. Links lead to documents of their own: the Content-Security-Policy
 * differs between pages, and a browser keeps the one that a document came with.
 */
import type { ComponentType, VNode } from 'preact';
import type { Boot } from '../shared/boot.ts';
import { LISTED, placeOf, TITLES, type Place, type PlaceKind } from '../shared/place.ts';
import { html } from './html.ts';
import { later } from './later.ts';
import { linkTo } from './links.ts';
import type { ViewProps } from './view.ts';
import { Entry } from './views/entry.ts';
import { Home } from './views/home.ts';
import { Search } from './views/search.ts';
import { Subject } from './views/subject.ts';
import { TrustLine } from './views/trust-line.ts';

const VIEWS: { readonly [Kind in PlaceKind]: ComponentType<ViewProps<Kind>> } = {
  home: Home,
  subject: Subject,
  entry: Entry,
  search: Search,
  compare: later(async () => (await import('./views/compare.ts')).Compare),
  witnesses: later(async () => (await import('./views/witnesses.ts')).Witnesses),
  verify: later(async () => (await import('./views/verify.ts')).Verify),
};

/** The place of a URL's path, below the base of the site. */
export function placeIn(boot: Boot, pathname: string): Place | undefined {
  const base = boot.site?.base ?? '';
  return pathname.startsWith(base) ? placeOf(pathname.slice(base.length)) : undefined;
}

/** The view of a place. */
export function shown(boot: Boot, place: Place): VNode {
  // The subject's own question verifies the head.
  return html`<${TrustLine} boot=${boot} look=${place.kind !== 'subject'} />
    <${VIEWS[place.kind]} boot=${boot} place=${place} />`;
}

/** The navigation: the pages of a site, the one that is shown marked. */
export function navigation(boot: Boot, place: Place): VNode {
  return html`<ul>
    ${LISTED.map(
      (kind) =>
        html`<li key=${kind}>
          <a href=${linkTo(boot, { kind })} aria-current=${kind === place.kind ? 'page' : undefined}
            >${TITLES[kind]}</a
          >
        </li>`,
    )}
  </ul>`;
}
