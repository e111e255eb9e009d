/**
 * Good bundles that differ in what they hold, each with the policy of its reader: what every verifier must find the same in.
 * All are of logs by a simulated clock (past-story.ts).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { makeBundle, type BundleRequest } from '#src/audit/bundle/make.ts';
import { entryId, treeSize, type Digest } from '#src/bytes/brand.ts';
import { encodeUtf8, formatHex } from '#src/bytes/text.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { cosign, formatCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '#src/note/key.ts';
import { formatNote } from '#src/note/note.ts';
import { inventoryHash } from '#src/statement/inventory.ts';
import { encodeCommitment, encodeNotice } from '#src/statement/payload.ts';
import type { EnrolledKey } from '#src/statement/policy.ts';
import type { Result } from '#src/statement/proof.ts';
import { openLeaf, SALTED_TREE, saltedTree, type SaltedTree } from '#src/statement/saltedleaf.ts';
import type { Signer } from '#src/sign/signer.ts';
import { readerOf } from './bundle-raw.ts';
import { goldenHalfYear, PERIOD } from './golden-half-year.ts';
import { twin } from './p256-twin.ts';
import { AGENTS, claimOf, DAY, hashOf, HOUR, kidOf, ORIGIN, PastStory, people, T } from './past-story.ts';
import { seedSigner } from './seed-signer.ts';
import { headKeys, otherStatement, ownStatement, policyDocumentOf } from './world.ts';

export interface Good {
  readonly what: string;
  readonly bundle: Uint8Array;
  /** Of its reader. */
  readonly policy: string;
  /** Thumbprints of the monitors that the reader believes. */
  readonly monitors: readonly string[];
}

const START = T('2026-01-01');
const period = { since: START + DAY, until: START + 4 * DAY };
const [ed25519Log, mlDsaLog] = headKeys.checkpoint as readonly [NoteSigner, NoteSigner];

const witness = (name: string, algorithm: 'ed25519' | 'ml-dsa-44' = 'ed25519'): NoteSigner => ({
  name: `${name}.example`,
  type: algorithm === 'ed25519' ? 4 : 6,
  signer: seedSigner(algorithm, hashOf(`tallystick test ${name}`)),
});
const w1 = witness('w1');
const w2 = witness('w2');
const w3 = witness('w3', 'ml-dsa-44');

/** A policy in its one spelling: the log's keys, its witnesses, and how many of them. */
function policyOf(
  logs: readonly NoteSigner[],
  witnesses: readonly NoteSigner[],
  quorum: readonly string[],
): string {
  const vkey = ({ name, type, signer }: NoteSigner): string => formatVkey(name, type, signer.publicKey);
  return [
    ...logs.map((each) => `log ${vkey(each)}`),
    ...witnesses.map((each) => `witness ${each.name.replace('.example', '')} ${vkey(each)}`),
    ...quorum,
    '',
  ].join('\n');
}

const LOG = [ed25519Log, mlDsaLog];
const BOTH = policyOf(LOG, [w1, w2], ['group both 2 w1 w2', 'quorum both']);
const ONE = policyOf(LOG, [w1], ['quorum w1']);
const NONE = policyOf(LOG, [], ['quorum none']);

/** Who signs and cosigns the heads of a story from here on; each witness a second after the one before. */
function signedBy(story: PastStory, log: readonly NoteSigner[], witnesses: readonly NoteSigner[]): void {
  story.note = async (size, times) => {
    const checkpoint = { origin: ORIGIN, size: treeSize(size), root: story.root(size), extensions: [] };
    const own = log.map((each) => cosign(checkpoint, each, each.type === 1 ? 0 : story.now));
    const theirs = witnesses.map((each, i) => cosign(checkpoint, each, (times[0] ?? 0) + i));
    return formatNote(formatCheckpoint(checkpoint), await Promise.all([...own, ...theirs]));
  };
}

interface Asked extends Partial<BundleRequest> {
  readonly policy?: string;
}

async function bundled(what: string, story: PastStory, asked: Asked = {}): Promise<Good> {
  const { policy = BOTH, ...more } = asked;
  const trust = trustPolicy(encodeUtf8(policy));
  const snapshot = await readerOf(story, trust).snapshot();
  const request = { snapshot, trust, subjects: [story.subject], period, madeWith: '0.0.0' };
  const bundle = await makeBundle({ ...request, ...more });
  return { what, bundle, policy, monitors: more.monitors ?? [] };
}

interface Kept {
  readonly witnessed?: boolean;
  readonly by?: Signer;
  readonly result?: Partial<Result>;
  readonly story?: PastStory;
}

/** Five days of a look a day at noon, each after a witnessed head, of a commitment that is there already. */
async function looks(story: PastStory, commitment: Digest, { witnessed = true, by, result }: Kept = {}) {
  const made: Digest[] = [];
  for (let day = 0; day < 5; day++) {
    story.at(START + day * DAY + 12 * HOUR);
    if (witnessed) await story.witness();
    story.at(story.now + 60);
    const options = by === undefined ? {} : { by };
    made.push(await story.prove(commitment, { tls: result ?? 'PROVEN' }, options));
  }
  story.at(START + 5 * DAY);
  if (witnessed) await story.witness();
  story.at(story.now + 60);
  return made;
}

async function plain(kept: Kept = {}): Promise<PastStory> {
  const story = kept.story ?? (await PastStory.start(START));
  const commitment = await story.at(START + HOUR).commit([claimOf('tls')]);
  await looks(story, commitment, kept);
  return story;
}

function treeOf(name: string): SaltedTree {
  return saltedTree(
    ['/a', '/b', '/c'].map((path, i) => ({
      salt: hashOf(`salt ${name} ${i}`).subarray(0, 16),
      path,
      value: encodeUtf8(`value ${i}`),
    })),
  );
}

/** Leaves of a declaration and of an observation are opened; who holds a key is told. */
async function opened(): Promise<readonly Good[]> {
  const story = await PastStory.start(START);
  const [declared, seen] = [treeOf('declared'), treeOf('seen')];
  const tree = { alg: SALTED_TREE, leaves: declared.count, root: declared.root } as const;
  const commitment = await story.at(START + HOUR).commit([claimOf('tls')], { tree });
  const change = { observations: { alg: SALTED_TREE, count: seen.count, root: seen.root } } as const;
  await story.at(START + 12 * HOUR).witness();
  story.at(story.now + 60);
  const rests = { tls: { verdict: 'PROVEN', leaves: [1, 2] } } as const;
  const proof = await story.prove(commitment, rests, { change });
  await looksOn(story, commitment);
  const openings = [
    { entry: commitment.toHex(), claim: null, opening: openLeaf(declared, 2) },
    { entry: proof.toHex(), claim: 'tls', opening: openLeaf(seen, 1) },
    { entry: proof.toHex(), claim: null, opening: openLeaf(seen, 0) },
  ];
  const persons = new Map([
    [kidOf(people.agent), 'Lee, Ann'],
    [kidOf(people.author), '=1+1'],
    [kidOf(people.approver), 'Ἀγάθη 𝔄'],
  ]);
  return [
    await bundled('openings', story, { openings }),
    await bundled('people, one with a comma, one like a formula', story, { people: persons }),
    await bundled('openings, people, a verifier', story, {
      openings,
      people: persons,
      verifier: encodeUtf8('console.log("a verifier")\n'),
    }),
  ];
}

async function looksOn(story: PastStory, commitment: Digest): Promise<void> {
  for (let day = 1; day < 5; day++) {
    await story.at(START + day * DAY + 12 * HOUR).witness();
    await story.at(story.now + 60).prove(commitment, { tls: 'PROVEN' });
  }
  await story.at(START + 5 * DAY).witness();
  story.at(story.now + 60);
}

/** Evidence in proofs: in the entry, in the bundle, elsewhere. */
async function attached(): Promise<Good> {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + HOUR).commit([claimOf('tls')]);
  const [held, gone] = [encodeUtf8('held evidence'), encodeUtf8('gone evidence')];
  await story.at(START + 12 * HOUR).witness();
  const attachments = [
    { mediaType: 'text/plain', data: encodeUtf8('in the entry') },
    { mediaType: 'application/x;q="a,b"', digest: hashOfBytes(held), size: held.length },
    { mediaType: 'text/plain', digest: hashOfBytes(gone), size: gone.length },
  ];
  await story.at(story.now + 60).prove(commitment, { tls: 'PROVEN' }, { change: { attachments } });
  await looksOn(story, commitment);
  return bundled('attachments', story, {
    attachments: new Map([[formatHex(hashOfBytes(held)), held]]),
  });
}

const hashOfBytes = (bytes: Uint8Array): Digest => sha256(bytes) as Digest;

/** A monitor counts the subject's entries; the reader believes it, or does not. */
async function counted(): Promise<readonly Good[]> {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + HOUR).commit([claimOf('tls')]);
  await looks(story, commitment);
  const size = story.entries.length;
  const ids = story.said
    .filter(({ parsed }) => parsed.subject === story.subject)
    .map(({ id }) => entryId(id.toHex()));
  const checkpoint = { origin: ORIGIN, size: treeSize(size), root: story.root(size) };
  const hash = inventoryHash(ORIGIN, story.subject, ids);
  const inventory = encodeNotice({ topic: 'inventory', checkpoint, count: ids.length, hash });
  await story.say('notice', inventory, people.monitor);
  const hold = encodeNotice({ topic: 'retention', checkpoint, prune: [], from: 0, reason: 'a hold' });
  await story.say('notice', hold, people.agent);
  await story.at(story.now + HOUR).witness();
  story.at(story.now + 60);
  const monitors = [kidOf(people.monitor)];
  const good = await bundled("a monitor's inventory that the reader believes", story, { monitors });
  return [good, await bundled("a monitor's inventory that nobody asked for", story)];
}

/** Keys of each algorithm, enrolled beside the others'. */
const p256 = seedSigner('ecdsa-p256', hashOf('tallystick test p256'));
const mlDsa = seedSigner('ml-dsa-44', hashOf('tallystick test ml-dsa'));

async function withKeys(...more: readonly EnrolledKey[]): Promise<PastStory> {
  const document = policyDocumentOf();
  const agents = AGENTS.map(([signer, name]) => enrolled(signer, name, 'agent'));
  const others = document.keys.filter(({ roles }) => !roles.includes('agent'));
  return PastStory.start(START, { keys: [...others, ...agents, ...more] });
}

function enrolled(signer: Signer, name: string, role: EnrolledKey['roles'][number]): EnrolledKey {
  return { key: signer.publicKey, name, roles: [role], subjects: ['prod/**'] };
}

async function algorithms(): Promise<readonly Good[]> {
  const keyed = async (signer: Signer): Promise<PastStory> =>
    withKeys(enrolled(signer, 'another agent', 'agent'));
  const ownP256 = await plain({ story: await keyed(p256), by: p256 });
  const twins = await keyed(p256);
  const statement = await otherStatement('prod/x', p256);
  twins.append(statement);
  twins.append(twin(await otherStatement('prod/y', p256)));
  await plain({ story: twins, by: p256 });
  const ml = await plain({ story: await keyed(mlDsa), by: mlDsa });
  const cosigned = await PastStory.start(START);
  signedBy(cosigned, LOG, [w1, w2, w3]);
  await plain({ story: cosigned });
  const mixed = policyOf(LOG, [w1, w2, w3], ['group all 3 w1 w2 w3', 'quorum all']);
  const own = policyOf([mlDsaLog], [w1, w3], ['group two 2 w1 w3', 'quorum two']);
  return [
    await bundled('proofs by a P-256 key', ownP256),
    await bundled('P-256 signatures in either spelling, each once', twins, {
      subjects: [twins.subject],
    }),
    await bundled('proofs by an ML-DSA-44 key', ml),
    await bundled('a quorum with an ML-DSA-44 cosignature', cosigned, { policy: mixed }),
    await bundled('a log that is known by its ML-DSA-44 key alone', cosigned, { policy: own }),
  ];
}

/** One log, read with none, one and two witnesses, with a nested quorum, and with one that is met by either. */
async function quorums(): Promise<readonly Good[]> {
  const story = await PastStory.start(START);
  signedBy(story, LOG, [w1, w2, w3]);
  await plain({ story });
  const either = policyOf(LOG, [w1, w2], ['group either 1 w1 w2', 'quorum either']);
  const nested = policyOf(
    LOG,
    [w1, w2, w3],
    ['group inner any w1 w2', 'group outer all inner w3', 'quorum outer'],
  );
  const spelled = nested.replace('inner any', 'inner 1').replace('outer all', 'outer 2');
  return [
    await bundled('no witness', story, { policy: NONE }),
    await bundled('one witness', story, { policy: ONE }),
    await bundled('two witnesses', story),
    await bundled('either of two witnesses', story, { policy: either }),
    await bundled('a nested quorum', story, { policy: spelled }),
    {
      ...(await bundled('the same in another spelling', story, { policy: spelled })),
      policy: `# mine\n${nested}`,
    },
  ];
}

/** No notice keeps a head: no lower bounds, no start head, the end head is the log's newest. */
async function unwitnessed(): Promise<readonly Good[]> {
  const bare = await plain({ witnessed: false });
  const old = await PastStory.start(START);
  signedBy(old, [ed25519Log], []);
  await plain({ story: old, witnessed: false });
  return [
    await bundled('no witnessed head', bare),
    await bundled('no witnessed head, and a log without witnesses', old, { policy: NONE }),
  ];
}

/** What fails, and what is taken back: revoked keys of each role, contradictions, violations that are waived. */
async function bad(): Promise<readonly Good[]> {
  const story = await PastStory.start(START, { approvals: 1 });
  const first = await story.at(START + HOUR).commit([claimOf('tls'), claimOf('login')], { approvals: 1 });
  await story.approve(first);
  await story.at(START + 12 * HOUR).witness();
  await story.at(story.now + 60).prove(first, { tls: 'PROVEN', login: 'CONTRADICTED' });
  await story.at(START + DAY + 12 * HOUR).prove(first, { tls: 'VIOLATED', login: 'PROVEN' });
  await story.waive(first, ['tls'], START + 2 * DAY);
  await story.at(START + 2 * DAY).witness();
  const second = await story.at(START + 2 * DAY + HOUR).commit([claimOf('tls')], { approvals: 1 });
  const approved = story.entries.length;
  await story.approve(second);
  await story.deploy(second);
  const proof = await story.at(START + 2 * DAY + 12 * HOUR).prove(second, { tls: 'PROVEN' });
  await story.at(START + 3 * DAY).witness();
  await story.at(START + 3 * DAY + HOUR).revoke(people.agent, story.indexOf(proof));
  await story.at(START + 3 * DAY + 2 * HOUR).revoke(people.approver, approved);
  await story.at(START + 5 * DAY).witness();
  story.at(story.now + 60);
  const { story: half } = await goldenHalfYear();
  const controls = ['SOC2-2017 CC6.7', 'PCI-DSS-4.0.1 11.5.2'];
  return [
    await bundled('an agent and an approver revoked from earlier entries on', story),
    await bundled('the golden half year, with controls', half, { period: PERIOD, controls }),
  ];
}

/** Names that order, quoting, or a page could trip over. */
async function hostileNames(): Promise<Good> {
  const story = await PastStory.start(START, {}, 'prod/pay/"db", \u{1f4a5} ünï');
  const commitment = await story.at(START + HOUR).commit([claimOf('tls')]);
  await looks(story, commitment);
  const second = 'prod/\uffee';
  const third = 'prod/\u{10ffff}';
  for (const subject of [second, third]) {
    const payload = encodeCommitment({
      environment: 'prod',
      tier: 'background',
      source: { kind: 'json' },
      canon: { profile: 'json@1' },
      tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(subject) },
      scope: { world: 'open' },
      claims: [],
    });
    story.append(await ownStatement('commitment', subject, payload, people.author));
  }
  await story.at(story.now + HOUR).witness();
  story.at(story.now + 60);
  return bundled('subjects beyond ASCII, whose order in UTF-16 is another', story, {
    subjects: [third, second, story.subject],
  });
}

/** Few, with every kind of derived file: what golden-bundle.test.ts pins, and what other machines make again. */
export async function pinnedBundles(): Promise<readonly Good[]> {
  const all = [
    ...(await opened()),
    await attached(),
    ...(await unwitnessed()),
    ...(await bad()),
    await hostileNames(),
  ];
  const wanted = [
    'openings, people, a verifier',
    'attachments',
    'no witnessed head, and a log without witnesses',
  ];
  return all.filter(({ what }) => wanted.includes(what) || /revoked|half year|beyond ASCII/.test(what));
}

export async function goodBundles(): Promise<readonly Good[]> {
  return [
    ...(await opened()),
    await attached(),
    ...(await counted()),
    ...(await algorithms()),
    ...(await quorums()),
    ...(await unwitnessed()),
    ...(await bad()),
    await hostileNames(),
  ];
}
