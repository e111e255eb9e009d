/** The HTML document of each page: its head, the facts in the server's words, and what starts the app. */
import { printableJson } from '../bytes/printable.ts';
import { ASSETS, type Assets } from './assets.ts';
import { markup, Markup } from './facts/markup.ts';
import { APP_ID, BOOT_ATTRIBUTE, SOURCE_ID, TRUSTED_TYPES, type Boot } from './shared/boot.ts';
import { LISTED, pathOf, TITLES } from './shared/place.ts';

/** Hosts that a page may ask whose reader names hosts. */
const HOSTS = 'https: http://127.0.0.1:*';

/** The Content-Security-Policy of a page, and of a worker; `others`: whether it may ask hosts that its reader names. */
export function contentPolicy(others: boolean): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self'${others ? ` ${HOSTS}` : ''}`,
    "img-src 'self' data:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES}`,
  ].join('; ');
}

export interface Shown {
  readonly title: string;
  readonly boot: Boot;
  readonly facts: Markup;
  /** URL of the server, as the reader reaches it. */
  readonly from: string;
  /** Undefined if the pages were not built: the facts stand alone. */
  readonly assets: Assets | undefined;
}

/** The document. */
export function documentOf(shown: Shown): string {
  const { title, boot, facts, assets } = shown;
  return `<!doctype html>\n${
    markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<title>${title} · ${boot.name}</title>
${assets && linked(assets, boot)}
</head>
<body>
<a class="skip" href="#${APP_ID}">Skip to the content</a>
<header class="top">${name(boot)}${navigation(boot)}${source(shown)}</header>
<main id="${APP_ID}" tabindex="-1" ${bootAttribute(boot)}>
<p class="unverified">${unverified(assets)}</p>
${facts}
</main>
${foot(shown)}
</body>
</html>
`.html
  }`;
}

/** What a page is made of, and what its verifier is made of, so that nothing waits until something else was read. */
function linked({ names: { style, icon, app, first } }: Assets, { worker, site }: Boot): Markup {
  const ahead = site === null ? [] : [...first.map((file) => ASSETS + file), worker];
  return markup`<link rel="stylesheet" href="${ASSETS + style}">
<link rel="icon" href="${ASSETS + icon}" type="image/svg+xml">
${ahead.map((url) => markup`<link rel="modulepreload" href="${url}">\n`)}<script type="module" src="${ASSETS + app}"></script>`;
}

/** Whose page it is: the server, and the log if it has several or is none. */
function name({ name: own, site }: Boot): Markup {
  const isOwn = site === null || site.base === '';
  const log = isOwn
    ? undefined
    : markup` <span class="quiet">›</span> <a href="${site.base}/">${site.origin}</a>`;
  return markup`<p class="name"><a href="/">${own}</a>${log}</p>`;
}

function navigation({ site }: Boot): Markup | undefined {
  if (site === null) return undefined;
  const items = LISTED.map(
    (kind) => markup`<li><a href="${site.base + pathOf({ kind })}">${TITLES[kind]}</a></li>`,
  );
  return markup`<nav aria-label="Pages"><ul>${items}</ul></nav>`;
}

/** Where the page came from, and what it therefore cannot show: no "verified by this browser" stands without it. */
function source({ from, assets }: Shown): Markup {
  const saved =
    assets?.names.saved === undefined ? markup`copy` : markup`<a href="/verify.html">verify.html</a>`;
  return markup`<p class="source">This page came from <strong id="${SOURCE_ID}">${from}</strong>. It catches mistakes, and lies of other servers, but not of this one: a server that lies serves pages that lie. For evidence, open it from a monitor that you trust, or from your own saved ${saved}.</p>`;
}

function unverified(assets: Assets | undefined): Markup {
  const words = markup`<strong>Not verified:</strong> this page's words are the server's.`;
  return assets === undefined
    ? markup`${words} The pages of this server were not built; in a clone, npm ci builds them.`
    : markup`${words}<noscript> JavaScript is off. With it, this browser checks them against the keys of the log.</noscript>`;
}

function foot({ boot: { version, verifier }, assets }: Shown): Markup {
  const parts =
    assets &&
    markup` · verifier <code title="SHA-256 of ${ASSETS + assets.names.worker}">${verifier}</code> · <a href="${ASSETS + assets.names.licences}">licences</a>`;
  return markup`<footer class="foot">Tallystick ${version}${parts}</footer>`;
}

/** JSON in ASCII, so that nothing of it changes on its way through `escapeHtml`. */
function bootAttribute(boot: Boot): Markup {
  return markup`${new Markup(BOOT_ATTRIBUTE)}="${printableJson(JSON.stringify(boot))}"`;
}
