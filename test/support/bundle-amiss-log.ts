/** Bundles of logs in which one entry or one head is other than a log may have it, each with the check that finds it. */
import { digest, treeSize, type Digest } from '#src/bytes/brand.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  encodeApproval,
  encodeCommitment,
  encodeNotice,
  encodePolicy,
  encodeProof,
} from '#src/statement/payload.ts';
import type { PolicyDocument } from '#src/statement/policy.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { flipped, type Amiss } from './bundle-amiss.ts';
import { handMade, type ByHand } from './bundle-raw.ts';
import { twin } from './p256-twin.ts';
import { agentTwo, claimOf, DAY, hashOf, HOUR, ORIGIN, PastStory, people, T } from './past-story.ts';
import { seedSigner } from './seed-signer.ts';
import {
  nextPolicyStatement,
  otherStatement,
  ownStatement,
  policyDocumentOf,
  policyStatement,
} from './world.ts';

const START = T('2026-01-01');
const p256 = seedSigner('ecdsa-p256', hashOf('tallystick test p256'));

/** A log with a commitment, its approval, two looks and a witnessed head. */
interface Made {
  readonly story: PastStory;
  readonly commitment: Digest;
  readonly proof: Digest;
}

async function made(change: Partial<PolicyDocument> = {}): Promise<Made> {
  const story = await PastStory.start(START, change);
  const commitment = await story.at(START + HOUR).commit([claimOf('tls')]);
  await story.at(START + 2 * HOUR).prove(commitment, { tls: 'PROVEN' });
  await story.witness();
  const proof = await story.at(START + 3 * HOUR).prove(commitment, { tls: 'PROVEN' });
  story.at(START + 2 * DAY);
  return { story, commitment, proof };
}

/** What a case does to the log, and how its bundle is made. */
type Spoil = (made: Made) => Promise<ByHand | void>;

const SUBJECT = 'prod/pay/db';

function declaration(change: object = {}): Uint8Array {
  return encodeCommitment({
    environment: 'prod',
    tier: 'background',
    source: { kind: 'json' },
    canon: { profile: 'json@1' },
    tree: { alg: SALTED_TREE, leaves: 1, root: hashOf('declared') },
    scope: { world: 'open' },
    claims: [],
    ...change,
  });
}

const SIGNATURES: Readonly<Record<string, Spoil>> = {
  'a commitment by a stranger': async ({ story }) => {
    story.append(await ownStatement('commitment', 'prod/x', declaration(), people.stranger));
  },
  'a commitment by an agent': async ({ story }) => {
    story.append(await ownStatement('commitment', 'prod/x', declaration(), people.agent));
  },
  'a notice about a subject of which the agent may not speak': async ({ story }) => {
    const payload = encodeNotice({
      topic: 'retention',
      checkpoint: { origin: ORIGIN, size: treeSize(1), root: story.root(1) },
      prune: [],
      from: 0,
      reason: 'a hold',
    });
    story.entries.push(await ownStatement('notice', 'db/x', payload, agentTwo));
  },
  'one bit of a signature': async ({ story }) => {
    const entry = await otherStatement('prod/x');
    story.entries.push(flipped(entry, entry.length - 1));
  },
  'a commitment for another log': async ({ story }) => {
    story.entries.push(
      await ownStatement('commitment', 'prod/x', declaration(), people.author, { log: 'log.example/other' }),
    );
  },
  'a head of another log in a notice about retention': async ({ story }) => {
    const checkpoint = { origin: 'log.example/other', size: treeSize(1), root: story.root(1) };
    const payload = encodeNotice({ topic: 'retention', checkpoint, prune: [], from: 0, reason: 'a hold' });
    story.entries.push(await ownStatement('notice', SUBJECT, payload, people.agent));
  },
  'a head in a notice about a system': async ({ story }) => {
    const note = await story.note(3, [story.now, story.now]);
    story.entries.push(
      await ownStatement('notice', SUBJECT, encodeNotice({ topic: 'witnessed', note }), people.monitor),
    );
  },
  'a look by a key that was revoked before': async ({ story, commitment }) => {
    await story.revoke(people.agent, 1);
    await story.prove(commitment);
  },
};

const POLICIES: Readonly<Record<string, Spoil>> = {
  'a policy that replaces none': async ({ story }) =>
    void story.append(await policyStatement({ approvals: 1 })),
  'a policy that replaces another': async ({ story }) =>
    void story.append(await policyStatement({ replaces: hashOf('another') })),
  'a policy by an author': async ({ story }) =>
    void story.append(await nextPolicyStatement(story.entries[0] ?? new Uint8Array(), {}, people.author)),
  'a revoked key that comes back': async ({ story }) => {
    const before = await story.revoke(agentTwo, 1);
    story.append(await policyStatement({ ...keyed(story), replaces: before }));
  },
  'a policy that leaves no admin': async ({ story }) => {
    const keys = policyDocumentOf().keys.filter(({ roles }) => !roles.includes('admin'));
    story.append(await nextPolicyStatement(story.entries[0] ?? new Uint8Array(), { keys }));
  },
  'a policy about a system': async ({ story }) => {
    const payload = encodePolicy(
      policyDocumentOf({ replaces: digest(sha256(story.entries[0] ?? new Uint8Array())) }),
    );
    story.append(await ownStatement('policy', SUBJECT, payload, people.admin));
  },
  'a key that is believed for longer': async ({ story }) => {
    const before = await story.revoke(agentTwo, 1);
    const revoked = [{ kid: digest(keyThumbprint(agentTwo.publicKey)), since: 3 }];
    story.append(await policyStatement({ replaces: before, revoked }));
  },
};

function keyed(story: PastStory): Partial<PolicyDocument> {
  const parsed = story.said[0]?.parsed;
  return parsed?.kind === 'policy' ? { keys: parsed.policy.document.keys } : {};
}

const ENTRIES: Readonly<Record<string, Spoil>> = {
  'an entry twice': async ({ story }) => void story.entries.push(story.entries[1] ?? new Uint8Array()),
  'an entry and its twin': async ({ story }) => {
    const entry = await otherStatement('prod/x', p256);
    story.entries.push(entry, twin(entry));
  },
  'an entry that is no statement': async ({ story }) => void story.entries.push(encodeUtf8('hello')),
  'a payload with a field more': async ({ story }) => {
    const payload = Uint8Array.of(0xa1, 0x61, 0x78, 0x01);
    story.entries.push(await ownStatement('approval', SUBJECT, payload, people.approver));
  },
  'an end head of another log': async ({ story }) => ({ end: await fork(story, story.entries.length) }),
};

/** A bundle of a log whose notice keeps a head of another history. */
export async function forkedNotice(): Promise<Uint8Array> {
  const log = await made();
  const by = (await HEADS['a witnessed head of another history']?.(log)) ?? {};
  return handMade(log.story, by);
}

/** A signed and cosigned head of another history. */
async function fork(story: PastStory, size: number): Promise<Uint8Array> {
  const { story: other } = await made({ approvals: 2 });
  while (other.entries.length < size) await other.witness();
  return other.note(size, [story.now - DAY, story.now - DAY]);
}

const HEADS: Readonly<Record<string, Spoil>> = {
  'a witnessed head of another history': async ({ story }) => {
    const note = await fork(story, 3);
    story.append(
      await ownStatement('notice', ORIGIN, encodeNotice({ topic: 'witnessed', note }), people.monitor),
    );
  },
};

const END_HEADS: Readonly<Record<string, Spoil>> = {
  'another log in the manifest': async () => ({ log: 'log.example/other' }),
};

const START_HEADS: Readonly<Record<string, Spoil>> = {
  'a start head of another history': async ({ story }) => ({ start: await fork(story, 3) }),
};

const PERIODS: Readonly<Record<string, Spoil>> = {
  'a start head that one witness cosigned late': async ({ story }) => ({
    start: await story.note(3, [START + HOUR, story.now]),
  }),
  'a start head without times': async ({ story }) => ({ start: await story.note(3, [0, 0]) }),
};

const HISTORIES: Readonly<Record<string, Spoil>> = {
  'a commitment that follows none': async ({ story }) =>
    void story.append(await ownStatement('commitment', SUBJECT, declaration(), people.author)),
  'a commitment that is not in the bundle': async () => ({ without: [1] }),
  'an approval of what is not there': async ({ story }) =>
    void story.append(
      await ownStatement('approval', SUBJECT, encodeApproval({ commitment: hashOf('x') }), people.approver),
    ),
  'a fork of a chain': async ({ story, commitment, proof }) => {
    await story.prove(commitment, { tls: 'VIOLATED' }, { change: { seq: 1, prev: digestOf(story, 2) } });
    void proof;
  },
  'a chain that begins anew': async ({ story, commitment }) => {
    const own = story.said[2]?.parsed;
    if (own?.kind !== 'proof') throw new Error('the third entry is a proof');
    const payload = encodeProof({ ...own.proof, commitment, nextDue: own.proof.nextDue + 1 });
    story.append(await ownStatement('proof', SUBJECT, payload, people.agent));
  },
};

function digestOf(story: PastStory, index: number): Digest {
  return digest(sha256(story.entries[index] ?? new Uint8Array()));
}

const NONE: Readonly<Record<string, Spoil>> = {
  'a challenge that the log never had': async ({ story, commitment }) => {
    const nonce = hashOf('n').subarray(0, 16);
    const challenge = { origin: ORIGIN, size: treeSize(3), root: hashOf('made up'), nonce };
    await story.prove(commitment, { tls: 'PROVEN' }, { change: { challenge } });
  },
  'a witnessed head that is larger than its own index': async ({ story }) => {
    const { story: other } = await made({ approvals: 2 });
    while (other.entries.length < 40) await other.witness();
    const note = await other.note(40, [story.now, story.now]);
    story.append(
      await ownStatement('notice', ORIGIN, encodeNotice({ topic: 'witnessed', note }), people.monitor),
    );
  },
  'a head without the quorum in a notice': async ({ story }) => {
    const note = await fork(story, 3);
    const one = encodeUtf8(
      `${new TextDecoder().decode(note).trimEnd().split('\n').slice(0, -1).join('\n')}\n`,
    );
    story.append(
      await ownStatement('notice', ORIGIN, encodeNotice({ topic: 'witnessed', note: one }), people.monitor),
    );
  },
  'an end head from before the end of the period': async ({ story }) => ({
    period: { since: START, until: story.now + DAY },
  }),
};

const ALL = {
  'end head': END_HEADS,
  entries: ENTRIES,
  'start head': START_HEADS,
  policies: POLICIES,
  signatures: SIGNATURES,
  heads: HEADS,
  period: PERIODS,
  history: HISTORIES,
  // Their summaries are empty.
  'made again': NONE,
} as const;

export async function logsAmiss(): Promise<readonly Amiss[]> {
  const amiss: Amiss[] = [];
  for (const [check, spoils] of Object.entries(ALL))
    for (const [what, spoil] of Object.entries(spoils)) {
      const log = await made();
      const by = (await spoil(log)) ?? {};
      amiss.push({ what, check, bundle: await handMade(log.story, by) });
    }
  // A policy asks for an approval of each commitment.
  const lax = await made({ approvals: 1 });
  amiss.push({
    what: 'a commitment that asks for too few approvals',
    check: 'signatures',
    bundle: await handMade(lax.story),
  });
  return amiss;
}
