/**
 * Remembers the newest head of each log between runs. A client that asks a log twice thereby also checks that the log
 * kept its word (as the clients of sumdb and Rekor do). Two heads that do not belong to one history end the run, and
 * become an incident that anyone with the log's key can check.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatMilliseconds } from '../bytes/time.ts';
import { formatIncident, makeIncident, type Incident } from '../incident/incident.ts';
import { parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { vkeyOf } from '../note/key.ts';
import { parseNote } from '../note/note.ts';
import { logKeysOf, openByLog, type TrustPolicy } from '../note/trust.ts';
import type { Conflict } from './compare.ts';
import type { NotedHead } from './history.ts';
import type { HeadMemory, Remark, RememberedHead } from './ports.ts';
import type { LogView } from './view.ts';

/** A `HeadMemory` that lasts as long as the process. `incidents`: those it was given, by id. */
export class HeadsInMemory implements HeadMemory {
  readonly #heads = new Map<string, Uint8Array>();
  readonly incidents = new Map<string, Incident>();

  async head(origin: string): Promise<RememberedHead | undefined> {
    const note = this.#heads.get(origin);
    return note && { note, place: 'memory' };
  }

  async remember(origin: string, note: Uint8Array): Promise<void> {
    this.#heads.set(origin, note);
  }

  async keep(incident: Incident): Promise<string> {
    if (!this.incidents.has(incident.id)) this.incidents.set(incident.id, incident);
    return 'memory';
  }
}

/** What checking a log against its remembered head needs. */
export interface Holding {
  readonly memory: HeadMemory;
  readonly policy: TrustPolicy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly remark: (remark: Remark) => void;
  /** Whether the host is a copy, and no log: it may be older than what was seen of the log. Default: no. */
  readonly isCopy?: () => Promise<boolean>;
}

/**
 * Compares a view with the remembered head of its log; the log's signature is enough for that, without the quorum.
 * Refuses `inconsistent` if they do not belong to one history. Refuses `config-invalid` if the remembered head is
 * damaged, or if keys that are no longer trusted signed it and it contradicts the served head.
 */
export async function checkRemembered(holding: Holding, view: LogView): Promise<void> {
  const { origin } = view.opened.checkpoint;
  const old = await readRemembered(holding.memory, origin);
  if (old === undefined) return;
  const compared = await view.compareWith(old);
  if (compared.kind !== 'conflict') return;
  if (compared.evidence.kind === 'rollback' && (await holding.isCopy?.()) === true) {
    const newest = `a head of ${old.head.size} entries was seen before, and this copy ends at ${view.head.size}`;
    const text = `${newest}: what was logged since is not in it, and whether it is the same log up to there was not compared`;
    return holding.remark({ code: 'copy-older', level: 'warning', text });
  }
  throw isTrusted(old.note, holding.policy)
    ? await accuse(holding, origin, compared)
    : otherKeys(origin, old.place);
}

/**
 * Whether a key that is trusted now signed a head. If not, the head cannot show anybody that the log broke its word.
 */
function isTrusted(note: Uint8Array, policy: TrustPolicy): boolean {
  try {
    openByLog(note, policy);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function otherKeys(origin: string, place: string): Refusal {
  return refuse(
    'config-invalid',
    `the head remembered of ${origin} in ${place} is not one history with what is served, and was signed by none of the keys ` +
      'trusted now: if another log has that name, give each a memory of its own; if the keys of one log changed, ' +
      'trust its old keys, too',
    { remedy: { stateDir: true } },
  );
}

/** Remembers a view that was checked and accepted, if it is newer than the remembered head. */
export async function remember({ memory, remark }: Holding, view: LogView): Promise<void> {
  const { origin, size } = view.opened.checkpoint;
  const old = await readRemembered(memory, origin);
  if (old !== undefined && size <= old.head.size) return;
  try {
    await memory.remember(origin, view.note);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'store-failed') throw error;
    // The answer of this run is as good as before; the next run lacks the head for its comparison.
    remark({ code: 'head-not-kept', level: 'note', text: error.message });
  }
}

/** Stores an incident for others to check, and makes the refusal `inconsistent` that ends the run. */
export async function accuse(
  { memory, policy, now, remark }: Holding,
  origin: string,
  { evidence, about, what }: Omit<Conflict, 'kind'>,
): Promise<Refusal> {
  const incident = makeIncident({
    origin,
    vkeys: logKeysOf(policy, origin).map(vkeyOf),
    detector: 'tallystick client',
    detected: formatMilliseconds(now()),
    what,
    about,
    evidence,
  });
  try {
    const place = await memory.keep(incident);
    const next = `the evidence is in ${place}: check it with \`tallystick verify-incident\`, and show it to others`;
    return refuse('inconsistent', `${what}; ${next}`);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'store-failed') throw error;
    // If the incident cannot be stored, it is put into the message, so that the user has the evidence.
    const text = `${error.message}, and is this:\n${formatIncident(incident).trimEnd()}`;
    remark({ code: 'evidence-not-kept', level: 'warning', text });
    return refuse(
      'inconsistent',
      `${what}; keep what was printed, and check it with \`tallystick verify-incident\``,
    );
  }
}

async function readRemembered(
  memory: HeadMemory,
  origin: string,
): Promise<(NotedHead & { readonly place: string }) | undefined> {
  const kept = await memory.head(origin);
  return kept && { ...kept, head: readCheckpoint(kept) };
}

function readCheckpoint({ note, place }: RememberedHead): Checkpoint {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch (error) {
    throw refuse('config-invalid', `${place} is damaged; delete it, and the next head seen is remembered`, {
      cause: error,
    });
  }
}
