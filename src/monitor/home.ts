/** The page at `/`: which logs are followed, and what was seen. */
import { originHash } from '../note/checkpoint.ts';
import { escapeHtml, sendPage } from '../web/page.ts';
import type { App } from '../web/types.ts';
import type { Monitor } from './monitor.ts';

/** Incidents that are shown; the rest is under /v1/incidents. */
const SHOWN = 20;

/** GET / */
export function home(app: App, monitor: Monitor): void {
  app.get('/', { schema: { hide: true } }, async (_request, reply) =>
    sendPage(reply, 'Tallystick monitor', body(monitor)),
  );
}

function body({ watches, store }: Monitor): string {
  const logs = watches.map(({ status }) => {
    const state = status.reachable ? 'answers' : escapeHtml(status.fault ?? '');
    const href = `/logs/${originHash(status.origin)}/v1/search`;
    return row([`<a href="${href}">${escapeHtml(status.origin)}</a>`, String(status.size), state]);
  });
  const incidents = store
    .list({ limit: SHOWN })
    .map(({ id, kind, origin, resolved, what }) =>
      row([
        `<a href="/v1/incidents/${id}">${escapeHtml(kind)}</a>`,
        escapeHtml(origin),
        resolved === undefined ? 'open' : 'resolved',
        escapeHtml(what),
      ]),
    );
  return `<h2>Logs</h2>${table(['Origin', 'Entries verified', 'Last look'], logs)}
<h2>Incidents</h2>${incidents.length === 0 ? '<p>None.</p>' : table(['Kind', 'Log', 'State', 'What'], incidents)}
<ul><li><a href="/v1/logs">Logs (JSON)</a></li><li><a href="/v1/incidents">Incidents (JSON)</a></li>
<li><a href="/readyz">Readiness</a></li></ul>`;
}

function table(heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map((each) => `<th>${each}</th>`).join('');
  return `<table><tr>${head}</tr>${rows.join('')}</table>`;
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}
