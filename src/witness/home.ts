/** The status of a witness: its home page, and as JSON at `/v1/witness`. */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import type { HomeFacts, Table } from '../explorer/facts/home.ts';
import { markup } from '../explorer/facts/markup.ts';
import { moment } from '../explorer/facts/parts.ts';
import type { ExplorerPort } from '../explorer/port.ts';
import { parseVkey } from '../note/key.ts';
import { FRESH } from '../web/media.ts';
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
/** Logs on the page; all of them are in the JSON. */
const SHOWN = 200;

/** GET /v1/witness. `incidents`: how many files of evidence there are. */
export function status(app: App, witness: Witness, incidents: () => number): void {
  const { name, vkeys } = witness;
  const json = remembered(() =>
    JSON.stringify({ name, vkeys, incidents: incidents(), logs: standings(witness) }),
  );
  app.get('/v1/witness', async (_request, reply) =>
    reply.header('content-type', JSON_TYPE).header('cache-control', FRESH).send(json()),
  );
}

/** What the explorer asks of a witness: its home page. `url`: where the witness is reached. */
export function explored(
  witness: Witness,
  {
    version,
    url,
    incidents,
  }: { readonly version: string; readonly url: string | undefined; readonly incidents: () => number },
): ExplorerPort {
  const home = remembered(() => facts(witness, url, incidents()));
  return { role: 'witness', name: witness.name, version, logs: [], home };
}

/** Makes something at most once in `KEPT_MS`. */
function remembered<T>(make: () => T): () => T {
  let kept: { readonly made: T; readonly until: number } | undefined;
  return () => {
    const now = performance.now();
    if (kept === undefined || now > kept.until) kept = { made: make(), until: now + KEPT_MS };
    return kept.made;
  };
}

function facts(witness: Witness, url: string | undefined, incidents: number): HomeFacts {
  const faults = witness.faults();
  const { name, vkeys, counts, logs } = witness;
  const halted = [...logs.keys()].filter((origin) => witness.isHalted(origin)).length;
  return {
    what: 'A witness: it cosigns checkpoints of the logs below, each only as a continuation of the last (C2SP tlog-witness).',
    note: incidents === 0 ? undefined : `Incidents on file: ${incidents}. Ask the operator for them.`,
    ready: faults.length === 0,
    reasons: faults,
    figures: [
      ['Logs known', logs.size],
      ['Logs halted', halted],
      ['Cosigned since the start', counts.signed],
    ],
    tables: [logTable(witness)],
    policy: {
      summary: 'The line of a tlog-policy for those who rely on this witness.',
      text: `${witnessLine(name, vkeys[0] ?? '', url)}\n`,
      file: 'witness.policy',
    },
    keys: vkeys.map((vkey, i) => ({
      summary: `Verifier key (${parseVkey(vkey).type === 4 ? 'Ed25519' : 'ML-DSA-44'}) of its cosignatures`,
      text: `${vkey}\n`,
      file: `witness-${i + 1}.vkey`,
    })),
    links: [
      ['/v1/witness', 'The same as JSON'],
      ['/readyz', 'Readiness'],
      ['/metrics', 'Metrics (Prometheus)'],
    ],
  };
}

/** The line of a tlog-policy that names a witness. `none` is a reserved word there; a key name has no blanks. */
export function witnessLine(name: string, vkey: string, url: string | undefined): string {
  return ['witness', name === 'none' ? 'witness' : name, vkey, ...(url === undefined ? [] : [url])].join(' ');
}

function logTable(witness: Witness): Table {
  const all = standings(witness);
  return {
    title: 'Logs',
    none: 'This witness knows no logs yet, and cosigns none.',
    heads: ['Log', 'Size', 'Cosigned', 'State'],
    rows: all
      .slice(0, SHOWN)
      .map(({ origin, checkpoint, size, cosigned, halted }) => [
        size === null ? origin : markup`<a href="${checkpoint}">${origin}</a>`,
        size ?? undefined,
        cosigned === null ? 'never' : moment(cosigned),
        halted === null ? (size === null ? 'no head yet' : 'in order') : `halted: ${halted}`,
      ]),
    more:
      all.length <= SHOWN
        ? undefined
        : markup`<p>${all.length - SHOWN} more are in the <a href="/v1/witness">JSON</a>.</p>`,
  };
}
