/** The status of a witness: the page at `/`, and as JSON at `/v1/witness`. */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { FRESH } from '../web/media.ts';
import { escapeHtml, sendPage } from '../web/page.ts';
import type { App } from '../web/types.ts';
import type { KnownLog } from './logs.ts';
import { checkpointPath, type Witness } from './witness.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** One log in the JSON. Times are RFC 3339, UTC; null: never cosigned. */
interface LogStanding {
  readonly origin: string;
  readonly vkeys: readonly string[];
  /** Path of the monitoring form. */
  readonly checkpoint: string;
  readonly size: number | null;
  readonly root: string | null;
  readonly cosigned: string | null;
  /** Why it is not cosigned at present; null if it is. */
  readonly halted: string | null;
  readonly requestsPerDay: number | null;
}

/** The status of every known log. */
export function standings(witness: Witness): LogStanding[] {
  return [...witness.logs.values()].map((log) => standing(witness, log));
}

function standing(witness: Witness, log: KnownLog): LogStanding {
  const held = witness.held(log.origin);
  return {
    origin: log.origin,
    vkeys: log.vkeys,
    checkpoint: checkpointPath(log.origin),
    size: held?.size ?? null,
    root: held === undefined ? null : formatHex(held.root),
    cosigned: held === undefined ? null : formatTime(held.time),
    halted: held === undefined || held.halted === '' ? null : held.halted,
    requestsPerDay: log.qpd ?? null,
  };
}

/** Milliseconds for which a text is reused for other readers; with thousands of logs it has megabytes. */
const KEPT_MS = 1000;

/** GET / and /v1/witness. `incidents`: how many files of evidence there are. */
export function home(app: App, witness: Witness, incidents: () => number): void {
  const { name, vkeys } = witness;
  const html = remembered(() => page(witness, incidents()));
  const json = remembered(() =>
    JSON.stringify({ name, vkeys, incidents: incidents(), logs: standings(witness) }),
  );
  app.get('/', async (_request, reply) => sendPage(reply, name, html()));
  app.get('/v1/witness', async (_request, reply) =>
    reply.header('content-type', JSON_TYPE).header('cache-control', FRESH).send(json()),
  );
}

/** Makes a text at most once in `KEPT_MS`. */
function remembered(make: () => string): () => string {
  let kept = '';
  let until = -Infinity;
  return () => {
    if (performance.now() > until) [kept, until] = [make(), performance.now() + KEPT_MS];
    return kept;
  };
}

function page(witness: Witness, incidents: number): string {
  const vkeys = witness.vkeys.map((vkey) => `<dd><code>${escapeHtml(vkey)}</code></dd>`).join('');
  const rows = standings(witness).map(row).join('');
  const logs =
    rows === ''
      ? '<p class="note">This witness knows no logs yet, and cosigns none.</p>'
      : `<table><tr><th>Log</th><th>Size</th><th>Cosigned</th></tr>${rows}</table>`;
  const found =
    incidents === 0 ? '' : `<p class="note">Incidents on file: ${incidents}. Ask the operator for them.</p>`;
  return `<p>A witness: it cosigns checkpoints of the logs below, each only as a continuation of the last
(C2SP tlog-witness).</p>${found}
<dl><dt>Verifier keys</dt>${vkeys}</dl>
<h2>Logs</h2>${logs}
<ul><li><a href="/v1/witness">The same as JSON</a></li><li><a href="/readyz">Readiness</a></li></ul>`;
}

function row({ origin, checkpoint, size, cosigned, halted }: LogStanding): string {
  const name = `<code>${escapeHtml(origin)}</code>`;
  const state = halted === null ? escapeHtml(cosigned ?? 'never') : `halted: ${escapeHtml(halted)}`;
  const link = size === null ? name : `<a href="${checkpoint}">${name}</a>`;
  return `<tr><td>${link}</td><td>${size ?? '–'}</td><td>${state}</td></tr>`;
}
