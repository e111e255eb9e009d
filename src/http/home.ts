/** The page at `/`: which log this is, and where to go from here. No script, nothing from elsewhere. */
import { createHash } from 'node:crypto';
import { formatHex } from '../bytes/text.ts';
import type { LogService } from '../log/ports.ts';
import type { App, HttpContext } from './context.ts';
import { HTML, NEVER } from './media.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 3rem auto; padding: 0 1rem }
h1 { margin-bottom: 0 }
dt { margin-top: 1rem; font-weight: 600 }
dd { margin: 0 }
code { font: 0.85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
.note { padding: 0.5rem 1rem; border-left: 4px solid #c60 }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const LINKS: readonly (readonly [href: string, what: string])[] = [
  ['/docs/', 'API documentation'],
  ['/openapi.json', 'API description (OpenAPI 3.1)'],
  ['/checkpoint', 'Checkpoint (C2SP)'],
  ['/v1/log', 'About this log (JSON)'],
  ['/v1/search', 'Newest entries (JSON)'],
  ['/.well-known/scitt-keys', 'Receipt keys (COSE Key Set)'],
  ['/readyz', 'Readiness'],
];

/** GET / */
export function home(app: App, { service }: HttpContext): void {
  const schema = { hide: true };
  app.get('/', { schema }, async (_request, reply) => {
    reply.header('content-security-policy', POLICY).header('referrer-policy', 'no-referrer');
    return reply.header('content-type', HTML).header('cache-control', NEVER).send(page(service));
  });
}

function page({ info, reader }: LogService): string {
  const head = reader.head();
  const vkeys = info.vkeys.map((vkey) => `<dd><code>${escape(vkey)}</code></dd>`).join('');
  const links = LINKS.map(([href, what]) => `<li><a href="${href}">${what}</a></li>`).join('');
  const open = info.open
    ? '<p class="note">This log admits any well-signed statement. It is for evaluation: what stands in it proves nothing about who may speak.</p>'
    : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(info.origin)}</title><style>${STYLE}</style></head>
<body><h1>${escape(info.origin)}</h1><p>A Tallystick transparency log.</p>${open}
<dl><dt>Entries</dt><dd>${head.size}</dd>
<dt>Root</dt><dd><code>${formatHex(head.root)}</code></dd>
<dt>As of</dt><dd>${new Date(head.time * 1_000).toISOString()}</dd>
<dt>Verifier keys</dt>${vkeys}</dl>
<ul>${links}</ul></body></html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
