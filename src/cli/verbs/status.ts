/** `tallystick status`: what a log says of itself and whether it takes submissions; or where the claims of subjects stand. */
import { subjectJson } from '../../appraisal/json.ts';
import { isNotable } from '../../appraisal/sampling.ts';
import { verdictsOf } from '../../appraisal/subject.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { checkedHead, type CheckedHead } from '../../client/checked-head.ts';
import type { LogClient } from '../../client/client.ts';
import { askFacts, askReadiness } from '../../client/log-facts.ts';
import { samplingsOf, SLOT_PROOFS } from '../../client/samplings.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { appraiseEach, newestSubjects } from '../../client/statuses.ts';
import { EXIT, exitOfVerdicts } from '../exit.ts';
import { clientOf, fetchOf, peersJson, peersLine } from '../frame/client.ts';
import { logUrl } from '../frame/config.ts';
import type { Context } from '../frame/context.ts';
import type { JsonValue } from '../frame/output.ts';
import { LOOK_OPTIONS, lookOf, type LookFlags } from '../frame/look.ts';
import { snapshotOf, type SeeFlags } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb } from '../frame/verb.ts';
import { factLines, tileStatus, whyNot } from '../views/log-status.ts';
import { slotLines } from '../views/slots.ts';
import { checkedLine, subjectLines, summaryLines, unreadableJson, warnUnreadable } from '../views/subject.ts';
import { messageOf } from '../frame/remedy.ts';

/** Whoever asks how a log is doing wants to know now (milliseconds). */
const TIMEOUT_MS = 5_000;
/** Subjects in a summary: those with the newest commitments. */
const MOST_SUBJECTS = 20;

export const statusVerb: Verb<typeof LOOK_OPTIONS> = {
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
  options: LOOK_OPTIONS,
  settings: READER_SETTINGS,
  json: true,
  examples: [
    'tallystick status',
    'tallystick status db/payments',
    'tallystick status db/payments --at 2026-01-31',
    'tallystick status db/payments --log ./mirror',
    'tallystick status db/payments --monitor https://monitor.example.org --json',
    'tallystick status --log https://log.example.com --json',
  ],
  run: async (context, subjects, flags) =>
    subjects.length > 0 || flags.text('at') !== undefined
      ? ofSubjects(context, subjects, flags)
      : ofLog(context, flags),
};

/** The only subject that is asked about ends the run where it cannot be read; one of several does not. */
async function ofSubjects(context: Context, subjects: readonly string[], flags: LookFlags): Promise<number> {
  const { output } = context;
  if (subjects.length === 0) throw refuse('usage', 'name the subjects whose status --at asks for');
  const look = await lookOf(context, flags);
  const least = look.full ? SLOT_PROOFS : undefined;
  const { statuses, unreadable } = await appraiseEach(look, subjects, undefined, least);
  const [only] = unreadable;
  if (only !== undefined && statuses.length + unreadable.length === 1) throw only.refusal;
  warnUnreadable(output, unreadable);
  for (const status of statuses) {
    output.print(subjectLines(output, look, status).join('\n'));
    // Of those that kept their slots there is nothing to say.
    for (const { claim } of look.full ? status.claims : []) {
      const notable = (await samplingsOf(look, status, claim)).filter(isNotable);
      for (const each of slotLines(look, notable)) output.print(`  slots of ${claim.id}, ${each}`);
    }
  }
  output.print(checkedLine(look));
  output.result('status-subjects', {
    ...snapshotJson(look),
    subjects: statuses.map(subjectJson),
    unreadable: unreadableJson(unreadable),
  });
  return exitOfVerdicts(statuses.flatMap(verdictsOf), unreadable);
}

async function ofLog(context: Context, flags: SeeFlags): Promise<number> {
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
  // What peers hold could not be compared with anything.
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

/** A host that has no word of its own has a checkpoint. */
function withoutWord(error: unknown): Refusal {
  if (error instanceof Refusal && error.code === 'not-found') return error;
  throw error;
}

/** Refuses what the host did, saying what is missing, when no key is trusted: nothing could be verified. */
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

/** One line for each subject with claims, most recently committed first; what cannot be read is said. */
async function summary(context: Context, flags: SeeFlags): Promise<JsonValue> {
  const { output } = context;
  try {
    const look = await snapshotOf(context, flags);
    const { subjects, more } = await newestSubjects(look, MOST_SUBJECTS);
    const { statuses, unreadable } = await appraiseEach(look, subjects);
    const claiming = statuses.filter(({ claims }) => claims.length > 0);
    const some = more > 0 ? `, the newest ${subjects.length} are looked at` : '';
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
