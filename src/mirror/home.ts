/** What the explorer asks of a mirror: its home page, and the log that it copies. */
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { formatMilliseconds, formatTime } from '../bytes/time.ts';
import type { SignedHead } from '../client/history.ts';
import { baseOf } from '../explorer/base.ts';
import { growthFacts, growthSeen, type Growth } from '../explorer/facts/growth.ts';
import type { HomeFacts, Table } from '../explorer/facts/home.ts';
import { markup } from '../explorer/facts/markup.ts';
import { code, moment } from '../explorer/facts/parts.ts';
import { Overviews } from '../explorer/overview/overviews.ts';
import type { ExplorerPort, ServedLog } from '../explorer/port.ts';
import { originHash } from '../note/checkpoint.ts';
import { vkeyOf } from '../note/key.ts';
import { policyLines } from '../note/trust-text.ts';
import { originOf, policyAbout } from '../note/trust.ts';
import { TILE_WIDTH } from '../tree/tile.ts';
import type { Mirror } from './mirror.ts';
import { readinessOf } from './status.ts';

/** `files`: paths of what is served beside the log's own files. `now`: milliseconds since the epoch. */
export function explored(
  mirror: Mirror,
  version: string,
  files: readonly string[],
  now: () => number,
): ExplorerPort {
  const origins = [...new Set(mirror.policy.logs.map(originOf))];
  return {
    role: 'mirror',
    name: `Tallystick mirror of ${mirror.url}`,
    version,
    logs: origins.map((origin) => served(mirror, origin, now)),
    home: () => facts(mirror, files, growth(mirror, now)),
  };
}

/** The held head; `origin`: of that log. Refuses `not-yet`, and `not-found` for another log. */
export function heldBy({ held }: Mirror, origin?: string): SignedHead {
  if (held === undefined) throw refuse('not-yet', 'nothing is mirrored yet; ask again later');
  if (origin !== undefined && held.opened.checkpoint.origin !== origin)
    throw refuse('not-found', 'this mirror is of another log; / says which');
  return held;
}

/** A mirror knows no times of entries: what it shows are the sizes that it held, since its start. */
function growth({ sizes }: Mirror, now: () => number): Growth {
  return growthSeen(sizes.seen, (time) => sizes.at(time), Math.floor(now() / 1000));
}

function served(mirror: Mirror, origin: string, now: () => number): ServedLog {
  const checkpoint = () => {
    const { note, opened } = heldBy(mirror, origin);
    return { note, head: opened.checkpoint };
  };
  const about = policyAbout(mirror.policy, origin);
  const policy = () => about;
  return {
    origin,
    base: baseOf(origin),
    checkpoint,
    policy,
    growth: async () => growth(mirror, now),
    overview: new Overviews({ role: 'mirror', origin, path: mirror.path }).serving(checkpoint, policy),
    entry: async (index) => {
      const { size } = heldBy(mirror, origin).opened.checkpoint;
      if (index >= size) throw refuse('not-found', `the mirrored tree has ${size} entries, and not that one`);
      const first = index - (index % TILE_WIDTH);
      const entries = await mirror.local.bundle(first / TILE_WIDTH, Math.min(TILE_WIDTH, size - first));
      const bytes = entries[index - first];
      if (bytes === undefined) throw refuse('corrupt-store', 'the copy lacks that entry');
      return { bytes };
    },
  };
}

function facts(mirror: Mirror, files: readonly string[], grown: Growth): HomeFacts {
  const { held, status, policy } = mirror;
  const { ready, reasons } = readinessOf(status, held && mirror.size);
  const checkpoint = held?.opened.checkpoint;
  return {
    what: 'A mirror: a verified copy of a transparency log, which serves even while the log does not.',
    ready,
    reasons,
    figures: [
      ['Mirror of', mirror.url],
      ['Log', checkpoint && markup`<a href="${baseOf(checkpoint.origin)}/">${checkpoint.origin}</a>`],
      ['Entries', checkpoint?.size],
      ['Entries at the log', status.originSize],
      ['Root', checkpoint && code(formatHex(checkpoint.root))],
      [
        'Up to date at',
        status.lastSync === undefined ? undefined : moment(formatMilliseconds(status.lastSync)),
      ],
      ['Incidents on file', status.incidents],
      ['Monitoring prefix', checkpoint && code(`/${originHash(checkpoint.origin)}/checkpoint`)],
    ],
    growth: growthFacts(grown),
    tables: [witnessTable(mirror)],
    policy: {
      summary: 'The trust policy that this mirror goes by.',
      text: `${policyLines(policy, true).join('\n')}\n`,
      file: 'trust.policy',
    },
    keys: [],
    links: ['checkpoint', ...files, 'readyz', 'metrics'].map((path) => [`/${path}`, `/${path}`] as const),
  };
}

function witnessTable({ held, policy: { witnesses } }: Mirror): Table {
  const rows = witnesses.map(({ name, verifier }) => {
    const vkey = vkeyOf(verifier);
    const line = held?.opened.cosignatures.find((each) => vkeyOf(each.verifier) === vkey);
    return [name, line === undefined ? 'not on this head' : moment(formatTime(line.time))];
  });
  return {
    title: 'Witnesses of the newest head',
    none: 'The policy of this mirror names no witness.',
    heads: ['Witness', 'Cosigned'],
    rows,
  };
}
