/** The HTML document of each page: its head, the facts in the server's words, and what starts the app. */
import { printableJson } from '../bytes/printable.ts';
import { ASSETS, type Assets } from './assets.ts';
import { markup, Markup } from './facts/markup.ts';
import { APP_ID, BOOT_ATTRIBUTE, TRUSTED_TYPES, type Boot, type Site } from './shared/boot.ts';
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
  /** Undefined if the pages were not built: the facts stand alone. */
  readonly assets: Assets | undefined;
}

const UNVERIFIED =
  "Not verified: this page's words are the server's. A browser with JavaScript checks them against the log's keys.";
const UNBUILT =
  'The pages of this server were not built, so nothing here is verified. In a clone: npm ci, then start it again.';

/** The document. */
export function documentOf({ title, boot, facts, assets }: Shown): string {
  return `<!doctype html>\n${
    markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="color-scheme" content="light dark">
<title>${title} · ${boot.name}</title>
${assets && linked(assets)}
</head>
<body>
<a class="skip" href="#${APP_ID}">Skip to the content</a>
<header class="top"><p class="name">${boot.name}</p>${navigation(boot.site)}</header>
<main id="${APP_ID}" tabindex="-1" ${bootAttribute(boot)}>
<p class="unverified">${assets === undefined ? UNBUILT : UNVERIFIED}</p>
${facts}
</main>
</body>
</html>
`.html
  }`;
}

function linked({ names: { style, icon, app } }: Assets): Markup {
  return markup`<link rel="stylesheet" href="${ASSETS + style}">
<link rel="icon" href="${ASSETS + icon}" type="image/svg+xml">
<script type="module" src="${ASSETS + app}"></script>`;
}

function navigation(site: Site | null): Markup | undefined {
  if (site === null) return undefined;
  const items = LISTED.map(
    (kind) => markup`<li><a href="${site.base + pathOf({ kind })}">${TITLES[kind]}</a></li>`,
  );
  return markup`<nav aria-label="Pages"><ul>${items}</ul></nav>`;
}

/** JSON in ASCII, so that nothing of it changes on its way through `escapeHtml`. */
function bootAttribute(boot: Boot): Markup {
  return markup`${new Markup(BOOT_ATTRIBUTE)}="${printableJson(JSON.stringify(boot))}"`;
}
