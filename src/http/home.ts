/** The page at `/`: the log's name, size and keys, and links. No script, nothing from other hosts. */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import type { LogService } from '../log/ports.ts';
import type { App, HttpContext } from './context.ts';
import { escapeHtml, sendPage } from '../web/page.ts';

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
    return sendPage(reply, service.info.origin, body(service));
  });
}

function body({ info, reader }: LogService): string {
  const head = reader.head();
  const vkeys = info.vkeys.map((vkey) => `<dd><code>${escapeHtml(vkey)}</code></dd>`).join('');
  const links = LINKS.map(([href, what]) => `<li><a href="${href}">${what}</a></li>`).join('');
  const open = info.open
    ? '<p class="note">This log admits any well-signed statement. It is for evaluation: what stands in it proves nothing about who may speak.</p>'
    : '';
  return `<p>A Tallystick transparency log.</p>${open}
<dl><dt>Entries</dt><dd>${head.size}</dd>
<dt>Root</dt><dd><code>${formatHex(head.root)}</code></dd>
<dt>As of</dt><dd>${formatTime(head.time)}</dd>
<dt>Verifier keys</dt>${vkeys}</dl>
<ul>${links}</ul>`;
}
