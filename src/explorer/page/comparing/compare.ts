/**
 * Compares two signed heads of one log, by the rule of client, monitor and mirror (src/client/compare.ts). A split view comes with an
 * incident, which is verified here before it is shown as one.
 */
import { treeSize } from '../../../bytes/brand.ts';
import { Checklist } from '../../../bytes/checklist.ts';
import { equalBytes } from '../../../bytes/compare.ts';
import { printable } from '../../../bytes/printable.ts';
import { Refusal, refuse } from '../../../bytes/refusal.ts';
import { encodeUtf8, formatBase64 } from '../../../bytes/text.ts';
import { compareHeads, type Conflict } from '../../../client/compare.ts';
import { prefixOf, type NotedHead, type TreeHead } from '../../../client/history.ts';
import { TileReader } from '../../../client/tiles.ts';
import type { Transport } from '../../../client/transport.ts';
import { formatIncident, makeIncident } from '../../../incident/incident.ts';
import { verifyIncident } from '../../../incident/verify.ts';
import { originHash, type OpenedCheckpoint } from '../../../note/checkpoint.ts';
import { formatVkey } from '../../../note/key.ts';
import { logKeysOf, openByLog, originOf, type TrustPolicy } from '../../../note/trust.ts';
import { blameOf, checkShown, faultOf } from '../worker/faults.ts';
import { readTrust } from '../worker/trust.ts';
import type { CompareAsk, ComparedShown, HeadCompared, Side } from './protocol.ts';

interface Opened extends NotedHead {
  readonly from: string;
  readonly opened: OpenedCheckpoint;
}

/** Compares. Never throws for what somebody served or pasted. */
export async function compareSides(ask: CompareAsk, transport: Transport): Promise<ComparedShown> {
  const list = new Checklist();
  const heads: Opened[] = [];
  try {
    const { policy } = readTrust({ text: ask.trust });
    for (const [i, side] of ask.sides.entries()) heads.push(await open(list, i, side, policy, transport));
    const [one, other] = heads;
    if (one === undefined || other === undefined) throw new Error('there are two sides');
    if (one.opened.checkpoint.origin !== other.opened.checkpoint.origin)
      throw refuse('usage', 'these are heads of two logs, which have nothing to do with each other');
    return await relate(list, one, other, policy, ask, transport);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const fault = faultOf(error);
    const isOpen = heads.length === 2 && blameOf(fault) !== 'lie';
    return {
      ...shownOf(list, heads),
      relation: isOpen ? 'open' : 'failed',
      what: isOpen
        ? 'Nothing at hand shows how these two heads belong together. Name a server that has the tiles of the larger one.'
        : 'These could not be compared.',
      fault,
    };
  }
}

const WHICH = ['first head', 'second head'] as const;

async function open(
  list: Checklist,
  i: number,
  side: Side,
  policy: TrustPolicy,
  transport: Transport,
): Promise<Opened> {
  const from = side.kind === 'url' ? printable(side.url, 300) : `the ${i === 0 ? 'first' : 'second'} note`;
  const note = side.kind === 'note' ? encodeUtf8(side.text) : await headAt(side.url, policy, transport);
  const witnessKeys = policy.witnesses.map(({ verifier }) => verifier);
  let failure: unknown;
  const opened = list.run(WHICH[i] ?? 'head', () => {
    try {
      const found = openByLog(note, policy, { witnessKeys });
      const { size, origin } = found.checkpoint;
      return [found, `${from}: ${size} entries of ${origin}, signed by a key that the policy names for it`];
    } catch (error) {
      failure = error;
      throw error;
    }
  });
  if (opened === undefined) throw failure;
  return { from, opened, note, head: opened.checkpoint };
}

/** The head that a log or a mirror serves; of a monitor or a witness that which it has of the log (tlog-witness). */
async function headAt(url: string, policy: TrustPolicy, transport: Transport): Promise<Uint8Array> {
  const base = url.replace(/\/+$/, '');
  const hashes = [...new Set(policy.logs.map(originOf))].map((origin) => originHash(origin));
  let first: unknown;
  for (const prefix of [base, ...hashes.flatMap((hash) => [`${base}/${hash}`, `${base}/logs/${hash}`])])
    try {
      return await new TileReader(transport, prefix).checkpoint();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      first ??= error;
      if (error.code !== 'not-found') break;
    }
  throw first;
}

async function relate(
  list: Checklist,
  one: Opened,
  other: Opened,
  policy: TrustPolicy,
  ask: CompareAsk,
  transport: Transport,
): Promise<ComparedShown> {
  const urls = ask.sides.flatMap((side) => (side.kind === 'url' ? [side.url] : []));
  const trees = new Trees([...urls, ...ask.tiles], policy, transport);
  const verdict = await compareHeads(one, other, {
    prefix: async (size, head) => ({ head, prefix: await trees.prefix(size, head.head) }),
    // A head that is older is only told as that: what is gone elsewhere, monitors watch.
    isGone: () => Promise.resolve(false),
    saysGone: () => false,
  });
  if (verdict.kind !== 'conflict') {
    list.run('consistency', () => [undefined, TEXTS[verdict.kind]]);
    return { ...shownOf(list, [one, other]), relation: verdict.kind, what: TEXTS[verdict.kind] };
  }
  return splitShown(list, [one, other], verdict, policy, trees);
}

const TEXTS = {
  same: 'Both have the same tree.',
  newer: 'The second continues the first: its tree begins with all entries of the first.',
  older: 'The second is older: the tree of the first begins with all of its entries.',
} as const;

async function splitShown(
  list: Checklist,
  heads: readonly [Opened, Opened],
  conflict: Conflict,
  policy: TrustPolicy,
  trees: Trees,
): Promise<ComparedShown> {
  const [{ opened }] = heads;
  const { origin } = opened.checkpoint;
  const incident = makeIncident({
    origin,
    vkeys: logKeysOf(policy, origin).map(({ name, type, key }) => formatVkey(name, type, key)),
    detector: 'a browser, on /compare',
    detected: new Date().toISOString(),
    what: conflict.what,
    about: conflict.about,
    evidence: conflict.evidence,
  });
  const proven = verifyIncident(incident, policy);
  if (!proven.proven) throw refuse('proof-failed', `the split view does not hold: ${proven.what}`);
  list.run('consistency', () => {
    throw refuse('inconsistent', conflict.what);
  });
  return {
    ...shownOf(list, heads),
    relation: 'split',
    what: `Split view, PROVEN: ${conflict.what}`,
    common: await trees.common(heads[0].head, heads[1].head),
    incident: { name: `incident-${incident.id}.json`, text: formatIncident(incident) },
  };
}

function shownOf(list: Checklist, heads: readonly Opened[]): ComparedShown {
  return {
    relation: 'failed',
    what: '',
    checks: list.checks.map(checkShown),
    heads: heads.map(headShown),
    common: null,
    incident: null,
    fault: null,
  };
}

function headShown({ from, opened: { checkpoint, cosignatures } }: Opened): HeadCompared {
  return {
    from,
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: formatBase64(checkpoint.root),
    cosigned: cosignatures.map(({ verifier, time }) => ({ name: verifier.name, time })),
  };
}

/** Trees of the log, as whichever server has the tiles that hash to their roots. */
class Trees {
  readonly #readers: readonly TileReader[];

  constructor(urls: readonly string[], policy: TrustPolicy, transport: Transport) {
    const hashes = [...new Set(policy.logs.map(originOf))].map((origin) => originHash(origin));
    const bases = [...new Set(urls)].map((url) => url.replace(/\/+$/, ''));
    this.#readers = bases
      .flatMap((base) => [base, ...hashes.map((hash) => `${base}/logs/${hash}`)])
      .map((prefix) => new TileReader(transport, prefix));
  }

  /** The first leaves of the tree of a head, from the first server that has it. Refuses what the last one did. */
  async prefix(size: number, head: TreeHead): Promise<Awaited<ReturnType<typeof prefixOf>>> {
    let last: unknown = refuse('not-found', 'no server was named that has tiles of the log');
    for (const reader of this.#readers)
      try {
        return await prefixOf(reader, treeSize(size), head);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        last = error;
      }
    throw last;
  }

  /** How many entries two trees have in common, by halves; null where tiles of one of them are not to be had. */
  async common(one: TreeHead, other: TreeHead): Promise<number | null> {
    let [same, differs] = [0, Math.min(one.size, other.size)];
    try {
      while (differs - same > 1) {
        const size = Math.floor((same + differs) / 2);
        const [a, b] = [await this.prefix(size, one), await this.prefix(size, other)];
        if (equalBytes(a.root, b.root)) same = size;
        else differs = size;
      }
      return same;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null;
    }
  }
}
