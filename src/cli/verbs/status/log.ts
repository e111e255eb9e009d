/** `tallystick status` without subjects: a log's size, head and readiness. */
import { subjectJson } from '../../../appraisal/json.ts';
import { Refusal, refuse } from '../../../bytes/refusal.ts';
import { checkedHead, type CheckedHead } from '../../../client/checked-head.ts';
import type { LogClient } from '../../../client/client.ts';
import { askFacts, askReadiness } from '../../../client/log-facts.ts';
import { appraiseEach, newestSubjects } from '../../../client/statuses.ts';
import { EXIT } from '../../exit.ts';
import { clientOf, fetchOf, peersJson, peersLine } from '../../frame/client.ts';
import { logUrl } from '../../frame/config.ts';
import type { Context } from '../../frame/context.ts';
import type { JsonValue } from '../../frame/output.ts';
import { snapshotOf, type SeeFlags } from '../../frame/reading.ts';
import { messageOf } from '../../frame/remedy.ts';
import { factLines, tileStatus, whyNot } from '../../views/log-status.ts';
import { summaryLines, warnUnreadable } from '../../views/subject.ts';

/** How long to wait for the log's answer (milliseconds). */
const TIMEOUT_MS = 5_000;
/** Subjects in a summary: those with the newest commitments. */
const MOST_SUBJECTS = 20;

/** Prints the facts that a log reports, which of them were verified, and its subjects. Resolves to the exit code. */
export async function statusOfLog(context: Context, flags: SeeFlags): Promise<number> {
  const { config, output, world } = context;
  const log = logUrl(config);
  const transport = { fetch: await fetchOf(context, log), now: world.now, timeoutMs: TIMEOUT_MS };
  const facts = await askFacts(transport, log).catch(withoutWord);
  if (facts instanceof Refusal) return ofTiles(context, log, facts);
  const readiness = await askReadiness(transport, log);
  const client = isTrusting(context) ? await openNow(context, log) : undefined;
  const head: CheckedHead = client
    ? await checkedHead(client, facts.origin)
    : { fault: 'no verifier key is given' };
  const { size, fault = '', isUnseen = false } = head;
  // Without a verified head there is nothing to compare the peers' heads with.
  if (size === undefined && !isUnseen && config.peer.length > 0)
    throw refuse('usage', `--peer compares signed heads, and ${fault}: give the log's key with --vkey`);
  const checked =
    size === undefined
      ? `no: ${fault}${isUnseen ? '' : ' (--vkey)'}`
      : `a checkpoint of ${size} entries: signed, and one history with the last one seen`;
  const shown = { log, now: nowOf(context), checked, peers: peersText(context, client) };
  output.print(factLines(output, { ...facts, ...readiness }, shown).join('\n'));
  const { ready, reasons } = readiness;
  if (ready && reasons.length > 0) output.warn(whyNot(reasons));
  const subjects = size === undefined ? null : await summary(context, flags);
  const { witnessing, noticing, ...said } = facts;
  output.result('status', {
    log,
    ...said,
    ready,
    reasons,
    witnessing: witnessing && { ...witnessing, witnesses: witnessing.witnesses.map((each) => ({ ...each })) },
    noticing: noticing && { ...noticing, last: noticing.last && { ...noticing.last } },
    verified: size ?? null,
    peers: peersJson(client?.peers ?? []),
    subjects,
  });
  return ready && !isUnseen ? EXIT.ok : EXIT.notFound;
}

/** Returns `not-found`, which means that the host has no API but may serve tiles; throws any other error. */
function withoutWord(error: unknown): Refusal {
  if (error instanceof Refusal && error.code === 'not-found') return error;
  throw error;
}

/** Prints the checkpoint of a host of tiles. If no key is trusted, refuses as the host did and asks for --vkey. */
async function ofTiles(context: Context, log: string, refusal: Refusal): Promise<number> {
  const { output } = context;
  if (!isTrusting(context)) {
    const next = 'give --vkey to see the checkpoint of a mirror, or of a log of other software';
    throw refuse(refusal.code, `${refusal.message}; ${next}`, { cause: refusal });
  }
  const client = await openNow(context, log);
  const view = await client.view();
  const shown = { now: nowOf(context), peers: peersText(context, client) };
  const { lines, fields } = tileStatus(client, view, shown);
  output.print(lines.join('\n'));
  output.result('status', { ...fields, peers: peersJson(client.peers), subjects: null });
  return EXIT.ok;
}

function isTrusting({ config: { vkey, policy } }: Context): boolean {
  return vkey.length > 0 || policy !== undefined;
}

function openNow(context: Context, url: string): Promise<LogClient> {
  return clientOf(context, { url, transport: { timeoutMs: TIMEOUT_MS, patienceMs: 0 } });
}

function nowOf({ world }: Context): number {
  return Math.round(world.now() / 1000);
}

function peersText({ config: { peer } }: Context, client: LogClient | undefined): string | undefined {
  return peer.length === 0 ? undefined : peersLine(client?.peers ?? [], peer.length);
}

/** Prints a line for each subject with claims, newest commitment first, and warns of those that cannot be read. */
async function summary(context: Context, flags: SeeFlags): Promise<JsonValue> {
  const { output } = context;
  try {
    const look = await snapshotOf(context, flags);
    const { subjects, more } = await newestSubjects(look, MOST_SUBJECTS);
    const { statuses, unreadable } = await appraiseEach(look, subjects);
    const claiming = statuses.filter(({ claims }) => claims.length > 0);
    const some = more > 0 ? `, the newest ${subjects.length} are shown` : '';
    if (subjects.length > 0)
      output.print(`subjects ${subjects.length + more}${some}: ${claiming.length} with claims`);
    warnUnreadable(output, unreadable);
    for (const each of summaryLines(output, claiming)) output.print(`         ${each}`);
    return statuses.map(subjectJson);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    output.note(`subjects are not shown: ${messageOf(error)}`);
    return null;
  }
}
