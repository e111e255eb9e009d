/** `tallystick status`: what a log says of itself and whether it takes submissions; or where the claims of subjects stand. */
import { originOf } from '../../note/trust.ts';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { EXIT, exitOf } from '../exit.ts';
import { askFacts, askReadiness, type Witnessing } from '../../client/log-facts.ts';
import type { PeerResult } from '../../client/gossip.ts';
import { logUrl } from '../frame/config.ts';
import type { Context } from '../frame/context.ts';
import { SEE_OPTIONS } from './subject/asked.ts';
import { statusOfSubjects, summary } from './subject/status.ts';
import { peersJson, peersLine } from '../frame/client.ts';
import type { LogClient } from '../../client/client.ts';
import { clientOf } from '../frame/client.ts';
import { statusOfTiles } from '../views/tiles.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { FlagsOf, Verb } from '../frame/verb.ts';

/** Whoever asks how a log is doing wants to know now (milliseconds). */
const TIMEOUT_MS = 5_000;

type Own = FlagsOf<typeof SEE_OPTIONS>;

export const statusVerb: Verb<typeof SEE_OPTIONS> = {
  name: 'status',
  summary: "a log's size, head and readiness, or where the claims of subjects stand",
  details:
    'With subjects, shows of each claim of the commitment in force: verdict, evidence class, age, when the next proof is ' +
    'due. Only PROVEN is green; silence is STALE, told from the log alone. Everything shown is verified, transcripts of ' +
    'class E3 included. Exits 0 when all is PROVEN or WAIVED, 3 when something is VIOLATED, CONTRADICTED or REVOKED, 5 ' +
    'when something is STALE or UNKNOWN. ' +
    'Without subjects, prints what the log says. When a key of it is trusted (--vkey, --policy), its checkpoint is verified and compared ' +
    'with the last one seen and with those of each --peer; and without one that it signed the exit code is 2; the rest is its word (tallystick verify and fsck check more). Of a mirror, or a log of other software, the verified checkpoint is all there is. ' +
    'A summary of the subjects follows then; it has no part in the exit code.',
  operands: [['[subjects...]', 'what was committed to, as commit --subject named it']],
  options: SEE_OPTIONS,
  settings: READER_SETTINGS,
  json: true,
  examples: [
    'tallystick status',
    'tallystick status db/payments',
    'tallystick status db/payments --monitor https://monitor.example.org --json',
    'tallystick status --log https://log.example.com --json',
  ],
  run: async (context, subjects, flags) =>
    subjects.length > 0 ? statusOfSubjects(context, subjects, flags) : status(context, flags),
};

async function status(context: Context, flags: Own): Promise<number> {
  const { config, output, world } = context;
  const url = logUrl(config);
  const transport = { fetch: world.fetch, now: world.now, timeoutMs: TIMEOUT_MS };
  const facts = await askFacts(transport, url).catch(withoutWord);
  if (facts instanceof Refusal) return tiles(context, url, facts);
  const { version, origin, size, root, time, vkeys, open: isOpen, witnessing } = facts;
  const { ready, reasons } = await askReadiness(transport, url);
  const head = await verifiedHead(context, url, origin);
  const now = Math.round(world.now() / 1000);
  const age = Math.max(0, now - time);
  const why = printable(reasons.join('; '), 1000);
  const readiness = ready ? output.paint('green', 'yes') : output.paint('red', `no: ${why}`);
  const lines = [
    `log      ${url} (tallystick ${version})`,
    `origin   ${origin}${isOpen ? ' (open: evaluation only)' : ''}`,
    `entries  ${size}`,
    `root     ${root}`,
    `head     ${new Date(time * 1000).toISOString()} (${age} s ago)`,
    `checked  ${head.says}`,
    ...(config.peer.length === 0 ? [] : [`peers    ${peersLine(head.peers, config.peer.length)}`]),
    ...(witnessing === null ? [] : witnessLines(witnessing, now)),
  ];
  output.print(`${lines.map((line) => printable(line)).join('\n')}\nready    ${readiness}`);
  if (ready && reasons.length > 0) output.warn(why);
  const subjects = head.size === undefined ? null : await summary(context, flags);
  output.result('status', {
    log: url,
    version,
    origin,
    size,
    root,
    time,
    vkeys,
    open: isOpen,
    ready,
    reasons,
    witnessing: witnessing && {
      ...witnessing,
      witnesses: witnessing.witnesses.map((each) => ({ ...each })),
    },
    verified: head.size ?? null,
    peers: peersJson(head.peers),
    subjects,
  });
  return ready && head.isUnseen !== true ? EXIT.ok : EXIT.notFound;
}

/** A host that has no word of its own has a checkpoint. */
function withoutWord(error: unknown): Refusal {
  if (error instanceof Refusal && error.code === 'not-found') return error;
  throw error;
}

/** Refuses what the host did, saying what is missing, when no key is trusted: nothing could be verified. */
async function tiles(context: Context, url: string, refusal: Refusal): Promise<number> {
  const { vkey, policy } = context.config;
  if (vkey.length === 0 && policy === undefined) {
    const next = 'give --vkey to see the checkpoint of a mirror, or of a log of other software';
    throw refuse(refusal.code, `${refusal.message}; ${next}`, { cause: refusal });
  }
  return statusOfTiles(context, await open(context, url));
}

function open(context: Context, url: string): Promise<LogClient> {
  return clientOf(context, { url, transport: { timeoutMs: TIMEOUT_MS, patienceMs: 0 } });
}

/** What was verified: how it went in words, the size of the checkpoint when there is one, what peers hold. */
interface Checked {
  readonly says: string;
  readonly size?: number;
  /** A key of the log is trusted, and no checkpoint came that it signed: then the log's own word is no success. */
  readonly isUnseen?: boolean;
  readonly peers: readonly PeerResult[];
}

/**
 * The newest checkpoint, verified and compared with what was seen before and with peers, when the log has a
 * trusted key. Refuses `usage` for peers without such a key: what they hold could not be compared with anything.
 * Refuses `inconsistent`, and what is wrong with a checkpoint; one that is not there is no refusal.
 */
async function verifiedHead(context: Context, url: string, origin: string): Promise<Checked> {
  const { vkey, policy, peer } = context.config;
  const unknown = (what: string): Checked => {
    if (peer.length === 0) return { says: `no: ${what} (--vkey)`, peers: [] };
    throw refuse('usage', `--peer compares signed heads, and ${what}: give the log's key with --vkey`);
  };
  if (vkey.length === 0 && policy === undefined) return unknown('no verifier key is given');
  const client = await open(context, url);
  if (!client.trust.policy.logs.some((log) => originOf(log) === origin))
    return unknown('no key of this log is trusted');
  try {
    const { size } = (await client.view()).head;
    const says = `a checkpoint of ${size} entries: signed, and one history with the last one seen`;
    return { size, says, peers: client.peers };
  } catch (error) {
    if (!(error instanceof Refusal) || exitOf(error) !== EXIT.notFound) throw error;
    return { says: `no: ${error.message}`, isUnseen: true, peers: client.peers };
  }
}

function witnessLines({ quorum, met, witnesses }: Witnessing, now: number): readonly string[] {
  const state = quorum === null ? 'none asked for' : `${quorum}, ${met ? 'met' : 'not met'}`;
  const each = witnesses.map(({ name, cosigned, behind, alarm }) => {
    const seen = cosigned === null ? 'no cosignature' : `cosigned ${Math.max(0, now - cosigned)} s ago`;
    const late = behind === 0 ? '' : `, ${behind} entries behind`;
    return `         ${name}: ${seen}${late}${alarm === null ? '' : ' — ALARM'}`;
  });
  return [`quorum   ${state}`, ...each];
}
