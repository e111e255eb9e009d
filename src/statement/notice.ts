/**
 * The payload of a notice, told apart by `topic` (spec/statements.md §6). `stale`, `witnessed` and `inventory` are said
 * by a key in the role monitor; `retention` by the agent or the author whose records it is about. The topic decides
 * which fields there are.
 *
 * A notice is a hint with evidence, never a verdict: a reader recomputes `stale` and `inventory` from the entries, and
 * opens the checkpoint of `witnessed` with the keys that the reader trusts.
 */
import { isCborMap } from '../bytes/cbor.ts';
import { Refusal } from '../bytes/refusal.ts';
import { parseCheckpoint, type Checkpoint } from '../note/checkpoint.ts';
import { parseNote } from '../note/note.ts';
import {
  array,
  bytes,
  checked,
  describe,
  oneOf,
  prose,
  record,
  uint,
  wrong,
  type Of,
  type Schema,
} from './schema.ts';
import { checkpoint, count, distinct, inside, MAX_TIME, name, sha256, time } from './vocabulary.ts';

/** Longest note of a `witnessed` notice: with headers and an ML-DSA-44 signature it fits the largest entry. */
export const MAX_WITNESSED_NOTE = 60_000;

/** A claim of the subject is STALE: its proof was due and did not come. */
const stale = checked(
  record(
    {
      topic: oneOf(['stale']),
      /** From when it has been so. */
      since: time,
      /** The tree head that it was concluded from. */
      checkpoint,
      /** Entry id of the commitment. */
      about: sha256,
      claim: name,
      /** When the proof was due. */
      due: time,
      reason: prose(1, 2048),
    },
    {
      /** Thumbprint of the agent's key, and the newest link of its chain; both, or neither when there is no proof. */
      agent: sha256,
      last: record({ seq: count, id: sha256 }),
    },
  ),
  ({ agent, last }, at) => {
    if ((agent === undefined) !== (last === undefined))
      throw wrong(inside(at, agent === undefined ? 'agent' : 'last'), 'expected agent and last, or neither');
  },
);
export type StaleNotice = Of<typeof stale>;

/** A head of the log with the cosignatures that it had: what lets a later reader bound entries in time. */
const witnessed = checked(
  record({
    topic: oneOf(['witnessed']),
    /** A signed checkpoint of this log (C2SP tlog-checkpoint), with every signature line that it was published with. */
    note: bytes(1, MAX_WITNESSED_NOTE),
  }),
  (value, at) => void headIn(value.note, inside(at, 'note')),
);
export type WitnessedNotice = Of<typeof witnessed>;

/** How many entries of the subject are in the log at `checkpoint`, and the hash of their ids (inventory.ts). */
const inventory = checked(
  record({ topic: oneOf(['inventory']), checkpoint, count, hash: sha256 }),
  (value, at) => {
    if (value.count > value.checkpoint.size)
      throw wrong(inside(at, 'count'), `more than the ${value.checkpoint.size} entries of the log`);
  },
);
export type InventoryNotice = Of<typeof inventory>;

/** What a rule of retention is about: `observations` of proofs, or `declarations`, both as openings with salts. */
export const RETAINED = ['observations', 'declarations'] as const;

/**
 * What the signer destroys, and from when on. The newest of a key about a subject is in force. An empty `prune` is a
 * hold: nothing is destroyed.
 */
const retention = checked(
  record({
    topic: oneOf(['retention']),
    checkpoint,
    /** Openings older than `age` seconds are destroyed. */
    prune: array(record({ what: oneOf(RETAINED), age: uint(MAX_TIME, 1) }), RETAINED.length),
    /** Nothing is destroyed under this rule before this time. */
    from: time,
    reason: prose(1, 2048),
  }),
  (value, at) => distinct(value.prune, (each) => each.what, inside(at, 'prune')),
);
export type RetentionNotice = Of<typeof retention>;

const SCHEMAS = { stale, witnessed, inventory, retention } as const;
export type Topic = keyof typeof SCHEMAS;
export const TOPICS: readonly Topic[] = ['stale', 'witnessed', 'inventory', 'retention'];
const topicWord = oneOf(TOPICS);

export type Notice = StaleNotice | WitnessedNotice | InventoryNotice | RetentionNotice;

export const notice: Schema<Notice> = {
  parse(value, at) {
    if (!isCborMap(value)) throw wrong(at, `expected a map, got ${describe(value)}`);
    const topic = value.get('topic');
    if (topic === undefined) throw wrong(inside(at, 'topic'), 'the field is missing');
    return SCHEMAS[topicWord.parse(topic, inside(at, 'topic'))].parse(value, at);
  },
  encode(value) {
    switch (value.topic) {
      case 'stale':
        return stale.encode(value);
      case 'witnessed':
        return witnessed.encode(value);
      case 'inventory':
        return inventory.encode(value);
      case 'retention':
        break;
    }
    return retention.encode(value);
  },
};

/** The checkpoint of a `witnessed` notice, unverified: nobody's signature was checked. */
export function claimedHead({ note }: Pick<WitnessedNotice, 'note'>): Checkpoint {
  return headIn(note, 'note');
}

/** The log that a notice speaks of. */
export function originOfNotice(value: Notice): string {
  return value.topic === 'witnessed' ? claimedHead(value).origin : value.checkpoint.origin;
}

function headIn(note: Uint8Array, at: string): Checkpoint {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch (error) {
    if (error instanceof Refusal) throw wrong(at, error.message);
    throw error;
  }
}
