/**
 * The verifier of a page: takes questions (protocol.ts), answers each with parts and a result. It is the client of the command
 * (src/client) under the reader's trust policy; no rule of its own decides anything here. Runs in a worker, and in tests.
 */
import { Refusal, refuse } from '../../../bytes/refusal.ts';
import type { Trust } from '../../../client/evidence.ts';
import { canonicalPolicy } from '../../../note/trust-text.ts';
import { policyAbout } from '../../../note/trust.ts';
import { entryOf } from './entry.ts';
import { faultOf } from './faults.ts';
import { headOf, needHead } from './head.ts';
import { Lane, type Outside } from './lane.ts';
import type { Ask, AskKind, Part, Question, Reply, Results } from './protocol.ts';
import { verifyRows } from './rows.ts';
import { searchOf } from './search.ts';
import { isCopy, readTrust, trustAbout, trustShown } from './trust.ts';

/** `quick`: clicks. `long`: periods, listings, subjects. `whole`: what reads the whole log. */
type LaneName = 'quick' | 'long' | 'whole';

export class Verifier {
  readonly #outside: Outside;
  readonly #send: (reply: Reply) => void;
  readonly #stops = new Map<number, AbortController>();
  readonly #lanes = new Map<LaneName, Lane>();
  #opened: Opened | undefined;

  constructor(outside: Outside, send: (reply: Reply) => void) {
    this.#outside = outside;
    this.#send = send;
  }

  /** Takes a question. Never throws; the answer is sent. */
  async take(question: Question): Promise<void> {
    const { id } = question;
    if ('stop' in question) return this.#stops.get(id)?.abort();
    if ('ping' in question) return this.#send({ id, say: 'here' });
    const stop = new AbortController();
    this.#stops.set(id, stop);
    try {
      const tell = (part: Part): void => {
        if (!stop.signal.aborted) this.#send({ id, say: 'part', part });
      };
      this.#send({ id, say: 'done', result: await this.#answer(question.ask, stop.signal, tell) });
    } catch (error) {
      this.#send({ id, say: 'failed', fault: faultOf(error) });
    } finally {
      this.#stops.delete(id);
    }
  }

  async #answer(ask: Ask, signal: AbortSignal, tell: (part: Part) => void): Promise<Results[AskKind]> {
    if (ask.kind === 'trust') return trustShown(readTrust(ask), 'reader');
    if (ask.kind === 'open') {
      const read = readTrust(ask.trust);
      const trust = trustAbout(read, ask.origin, ask.log);
      for (const each of this.#stops.values()) if (each.signal !== signal) each.abort();
      this.#lanes.clear();
      this.#opened = { log: ask.log.replace(/\/+$/, ''), trust, isServed: isSame(trust, ask) };
      return trustShown(read, ask.trust.whose);
    }
    const opened = this.#opened;
    if (opened === undefined) throw refuse('usage', 'open a log first: nobody said which, and whom to trust');
    const lane = this.#lane(laneOf(ask, opened), opened);
    return lane.run(
      () => answerOn(lane, ask, tell, opened),
      signal,
      ({ level, text }) => tell({ kind: 'remark', level, text }),
    );
  }

  #lane(name: LaneName, { log, trust }: Opened): Lane {
    const lane = this.#lanes.get(name) ?? new Lane(this.#outside, log, trust, { full: name === 'whole' });
    this.#lanes.set(name, lane);
    return lane;
  }
}

interface Opened {
  readonly log: string;
  readonly trust: Trust;
  /** Whether the server computes under the same policy: else it may say otherwise in good faith. */
  readonly isServed: boolean;
}

/** A policy of the server's that cannot be read is another one. */
function isSame({ policy }: Trust, { served, origin }: Extract<Ask, { readonly kind: 'open' }>): boolean {
  if (served === undefined) return false;
  try {
    const theirs = policyAbout(readTrust({ text: served }).policy, origin);
    return canonicalPolicy(theirs) === canonicalPolicy(policy);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

type Reading = Exclude<Ask, { readonly kind: 'open' | 'trust' }>;

function laneOf(ask: Reading, { log }: Opened): LaneName {
  if (ask.kind === 'head' || ask.kind === 'entry' || ask.kind === 'leaves') return 'quick';
  // A copy is read whole in any case: then one lane reads it, for all that need a snapshot.
  if (isCopy(log)) return 'long';
  if (ask.kind === 'subject' || ask.kind === 'search') return ask.whole === true ? 'whole' : 'long';
  return ask.kind === 'why' ? 'quick' : 'long';
}

function answerOn(
  lane: Lane,
  ask: Reading,
  tell: (part: Part) => void,
  { isServed }: Opened,
): Promise<Results[AskKind]> {
  switch (ask.kind) {
    case 'head':
      return headOf(lane);
    case 'entry':
      return entryOf(lane, ask.name);
    case 'leaves':
      return leavesIn(lane, ask);
    case 'subject':
      return subjectIn(lane, ask, tell, isServed);
    case 'subjects':
      return subjectsIn(lane, ask, tell);
    case 'why':
      return whyIn(lane, ask);
    case 'search':
      return searchOf(lane, ask, tell);
    case 'rows':
      break;
  }
  return rowsOf(lane, ask, tell);
}

/** What reads files of leaves is loaded when there are some. */
async function leavesIn(
  lane: Lane,
  { name, files }: Extract<Ask, { readonly kind: 'leaves' }>,
): Promise<Results['leaves']> {
  const { leavesOf } = await import('./leaves.ts');
  return leavesOf(lane, name, files);
}

/** What appraises, and what judges claims over time with it, is loaded when somebody asks about a subject. */
async function subjectIn(
  lane: Lane,
  ask: Extract<Ask, { readonly kind: 'subject' }>,
  tell: (part: Part) => void,
  isServed: boolean,
): Promise<Results['subject']> {
  const { subjectOf } = await import('./subject.ts');
  return subjectOf(lane, ask, tell, isServed);
}

async function subjectsIn(
  lane: Lane,
  { subjects }: Extract<Ask, { readonly kind: 'subjects' }>,
  tell: (part: Part) => void,
): Promise<Results['subjects']> {
  const { subjectsOf } = await import('./subject.ts');
  return subjectsOf(lane, subjects, tell);
}

/** What evaluates claims is loaded when somebody asks why. */
async function whyIn(
  lane: Lane,
  { subject, claim, at }: Extract<Ask, { readonly kind: 'why' }>,
): Promise<Results['why']> {
  const { whyOf } = await import('./why.ts');
  return whyOf(lane, subject, claim, at);
}

async function rowsOf(
  lane: Lane,
  { rows, of: kind }: Extract<Ask, { readonly kind: 'rows' }>,
  tell: (part: Part) => void,
): Promise<Results['rows']> {
  await needHead(lane, (head) => tell({ kind: 'head', head }));
  const snapshot = await lane.client.snapshot();
  return { verified: (await verifyRows(lane, snapshot, rows, kind, tell)).length, of: rows.length };
}
