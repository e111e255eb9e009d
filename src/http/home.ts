/** What the explorer asks of a log, and the log's home page in its own words. */
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { growthFacts, rememberedGrowth, type Growth } from '../explorer/facts/growth.ts';
import type { HomeFacts, Table, Text } from '../explorer/facts/home.ts';
import { code, moment } from '../explorer/facts/parts.ts';
import type { ExplorerPort, ServedLog } from '../explorer/port.ts';
import { leafIndex } from '../bytes/brand.ts';
import type { LogService } from '../log/ports.ts';
import { parseVkey } from '../note/key.ts';
import { policyOfLogs, type TrustPolicy } from '../note/trust.ts';
import { policyLines } from '../note/trust-text.ts';
import type { HttpContext } from './context.ts';

/** `now`: milliseconds since the epoch. */
export function explored({ service, version }: HttpContext, now: () => number): ExplorerPort {
  const { reader } = service;
  const { origin } = service.info;
  const entry = async (index: number) => reader.entry(leafIndex(index));
  const growth = rememberedGrowth(async (index) => (await entry(index)).time, now);
  const log: ServedLog = {
    origin,
    base: '',
    checkpoint: () => reader.checkpoint(),
    policy: () => policyOf(service),
    entry,
    growth,
    search: async (query) => reader.search(query),
    overview: overviewOf(service),
    alarms: () =>
      new Map(
        service
          .witnessing?.()
          ?.witnesses.flatMap(({ vkey, alarm }) => (alarm === undefined ? [] : [[vkey, alarm] as const])),
      ),
  };
  return {
    role: 'log',
    name: origin,
    version,
    logs: [log],
    home: async () => facts(service, await growth(reader.head().size), now()),
  };
}

/** The log itself ends what it computes. */
function overviewOf(service: LogService): ServedLog['overview'] {
  const page = service.overview?.bind(service);
  return page && { page, close: async () => undefined };
}

function policyOf(service: LogService): TrustPolicy {
  return service.policy?.() ?? policyOfLogs(service.info.vkeys.map(parseVkey));
}

const LINKS: HomeFacts['links'] = [
  ['/docs/', 'API documentation'],
  ['/openapi.json', 'API description (OpenAPI 3.1)'],
  ['/checkpoint', 'Checkpoint (C2SP)'],
  ['/v1/log', 'About this log (JSON)'],
  ['/v1/search', 'Newest entries (JSON)'],
  ['/.well-known/scitt-keys', 'Receipt keys (COSE Key Set)'],
  ['/readyz', 'Readiness'],
  ['/metrics', 'Metrics (Prometheus)'],
];

function facts(service: LogService, growth: Growth, now: number): HomeFacts {
  const { info, reader } = service;
  const head = reader.head();
  const { ready, reasons, warnings = [] } = service.readiness();
  return {
    what: 'A transparency log for configuration: what was declared, what was observed running, and whether the two tally.',
    note: info.open
      ? 'This log admits any well-signed statement. It is for evaluation: what stands in it proves nothing about who may speak.'
      : undefined,
    ready,
    reasons: [...reasons, ...warnings],
    figures: [
      ['Entries', head.size],
      ['Root', code(formatHex(head.root))],
      ['Head signed', moment(formatTime(head.time))],
      ['Waiting', `${service.load.pending} of at most ${service.load.capacity}`],
    ],
    growth: growthFacts(growth),
    tables: [witnessTable(service, now)],
    policy: {
      summary:
        'A trust policy with the keys of this log and its witnesses. It is the word of this server: compare it with what its operator gave you otherwise.',
      text: `${policyLines(policyOf(service), true).join('\n')}\n`,
      file: 'trust.policy',
    },
    keys: info.vkeys.map(keyText),
    links: LINKS,
  };
}

/** A verifier key, behind a fold. */
function keyText(vkey: string, i: number): Text {
  const type = parseVkey(vkey).type === 1 ? 'Ed25519' : 'ML-DSA-44';
  return {
    summary: `Verifier key (${type}) of its checkpoints`,
    text: `${vkey}\n`,
    file: `log-${i + 1}.vkey`,
  };
}

function witnessTable(service: LogService, now: number): Table {
  const known = service.witnessing?.();
  const rows = (known?.witnesses ?? []).map(({ name, cosigned, behind, alarm }) => [
    name,
    cosigned === undefined ? 'not on this head' : moment(formatTime(cosigned)),
    cosigned === undefined ? undefined : `${Math.max(0, Math.floor(now / 1000) - cosigned)} s ago`,
    behind === 0 ? 'none' : `${behind} entries`,
    alarm,
  ]);
  return {
    title: 'Witnesses of the newest checkpoint',
    none: 'This log asks no witness: when something was logged is its own word alone.',
    heads: ['Witness', 'Cosigned', 'Age', 'Lacks', 'Alarm'],
    rows,
  };
}
