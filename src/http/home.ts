/** What the explorer asks of a log. */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { markup, type Markup } from '../explorer/facts/markup.ts';
import type { ExplorerPort } from '../explorer/port.ts';
import type { LogService } from '../log/ports.ts';
import type { HttpContext } from './context.ts';

export function explored({ service, version }: HttpContext): ExplorerPort {
  const { info, reader } = service;
  return {
    role: 'log',
    name: info.origin,
    version,
    logs: [{ origin: info.origin, base: '', reader }],
    home: () => facts(service),
  };
}

const LINKS: readonly (readonly [href: string, what: string])[] = [
  ['/docs/', 'API documentation'],
  ['/openapi.json', 'API description (OpenAPI 3.1)'],
  ['/checkpoint', 'Checkpoint (C2SP)'],
  ['/v1/log', 'About this log (JSON)'],
  ['/v1/search', 'Newest entries (JSON)'],
  ['/.well-known/scitt-keys', 'Receipt keys (COSE Key Set)'],
  ['/readyz', 'Readiness'],
];

function facts({ info, reader }: LogService): Markup {
  const head = reader.head();
  const vkeys = info.vkeys.map((vkey) => markup`<dd><code>${vkey}</code></dd>`);
  const links = LINKS.map(([href, what]) => markup`<li><a href="${href}">${what}</a></li>`);
  const open = info.open
    ? markup`<p class="note">This log admits any well-signed statement. It is for evaluation: what stands in it proves nothing about who may speak.</p>`
    : undefined;
  return markup`<h1>${info.origin}</h1><p>A Tallystick transparency log.</p>${open}
<dl class="facts"><dt>Entries</dt><dd>${head.size}</dd>
<dt>Root</dt><dd><code>${formatHex(head.root)}</code></dd>
<dt>As of</dt><dd>${formatTime(head.time)}</dd>
<dt>Verifier keys</dt>${vkeys}</dl>
<ul>${links}</ul>`;
}
