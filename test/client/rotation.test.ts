/**
 * Claims over time as readers come to them: keys of real servers, signed transcripts, a simulated clock. The log's search, a copy that is
 * read whole and a bundle tell the same.
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ClaimStatus } from '#src/appraisal/appraise.ts';
import { openBundle } from '#src/audit/bundle/open.ts';
import { makeBundle } from '#src/audit/bundle/make.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import { digest, type Digest } from '#src/bytes/brand.ts';
import { parseBase64 } from '#src/bytes/text.ts';
import { subjectJson } from '#src/appraisal/json.ts';
import { explainClaim } from '#src/client/explain.ts';
import { statusOf } from '#src/client/statuses.ts';
import { whyRows } from '#src/words/why.ts';
import type { Snapshot } from '#src/client/snapshot.ts';
import { packOf } from '#src/declare/packs.ts';
import { sshProbe } from '#src/probe/ssh/probe.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import type { Probe } from '#src/probe/probe.ts';
import type { Claim, Declaration } from '#src/statement/commitment.ts';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { makeCertificate, SERVER_AUTH } from '../support/certificates.ts';
import { folder, nodeTls, program, sshHostKey, sshServer, type Target } from '../support/e3-targets.ts';
import { storyTrust } from '../support/bundle-raw.ts';
import { agentTwo, DAY, HOUR, PastStory, people } from '../support/past-story.ts';
import { realLook } from '../support/real-looks.ts';
import { encodeCommitment } from '#src/statement/payload.ts';
import { noon, START } from '../support/rotation-story.ts';
import { storyReader } from '../support/story-reader.ts';
import { policyDocumentOf } from '../support/world.ts';

const trust = storyTrust;
const SUBJECT = 'prod/pay/db';

/** Claims of a pack with days that a test can wait for. */
function packed(
  pack: string,
  params: Readonly<Record<string, number | readonly string[]>>,
): readonly Claim[] {
  return packOf(pack, new Map(Object.entries({ days: 6, settle: 2, ...params }))).map((claim) => ({
    ...claim,
    cadence: DAY,
  }));
}

interface Told {
  readonly search: ClaimStatus | undefined;
  readonly copy: ClaimStatus | undefined;
  readonly bundle: ClaimStatus | undefined;
}

const first = async (snapshot: Snapshot, at: number): Promise<ClaimStatus | undefined> =>
  (await statusOf(snapshot, SUBJECT)).claims[at];

/** What each kind of reader is told at the present moment of a story. */
async function toldBy(story: PastStory, at = 0): Promise<Told> {
  const reader = storyReader(story, trust);
  const copy = await reader.client(true).snapshot();
  const period = { since: story.now - DAY, until: story.now };
  const bytes = await makeBundle({ snapshot: copy, trust, subjects: [SUBJECT], period, madeWith: '0' });
  const { snapshot } = await openBundle(bytes, { trust });
  return {
    search: await first(await reader.client().snapshot(), at),
    copy: await first(copy, at),
    bundle: await first(snapshot, at),
  };
}

const verdictsOf = (told: Told): readonly string[] =>
  [told.search, told.copy, told.bundle].map((each) => `${each?.verdict} ${each?.evidence}`);
const all = (verdict: string): readonly string[] => [verdict, verdict, verdict];

/** A look each day from one day to another. */
async function days(
  story: PastStory,
  commitment: Digest,
  probe: Probe,
  [from, to]: readonly [number, number],
  at: (day: number) => Target,
  by = people.agent,
): Promise<void> {
  for (let day = from; day <= to; day++) {
    await story.at(noon(day) - HOUR).witness();
    await realLook(story.at(noon(day)), commitment, probe, at(day).port, by);
    await story.at(noon(day) + HOUR).witness();
  }
}

const ONE_AGENT = { keys: policyDocumentOf().keys };

async function committed(
  claims: readonly Claim[],
  identity: NonNullable<NonNullable<Declaration['target']>['locators']>[number]['identity'],
  policy = {},
  authority?: Uint8Array,
): Promise<{ readonly story: PastStory; readonly commitment: Digest }> {
  const story = await PastStory.start(START, policy);
  const target = {
    ...(authority !== undefined && { authorities: [authority] }),
    locators: [{ at: 'localhost:22', ...(identity !== undefined && { identity }) }],
  };
  return { story, commitment: await story.at(noon(1) - 2 * HOUR).commit(claims, { target }) };
}

/** A host key in a folder of its own, and the identity that names it. */
function hostKey(name: string, type: string): { readonly file: string; readonly ssh: Digest } {
  const dir = join(DIR, name);
  mkdirSync(dir, { recursive: true });
  const file = sshHostKey(dir, type);
  const [, text = ''] =
    /SHA256:(\S+)/.exec(execFileSync('ssh-keygen', ['-lf', `${file}.pub`], { encoding: 'utf8' })) ?? [];
  return { file, ssh: digest(parseBase64(`${text}=`)) };
}

const DIR = folder();

async function started(t: Test, ...keys: readonly { readonly file: string }[]): Promise<Target> {
  const target = await sshServer(
    DIR,
    keys.map(({ file }) => file),
  );
  if (target === undefined) throw new Error('sshd is there');
  t.teardown(() => target.stop());
  return target;
}

const noSsh = program('sshd') === undefined && 'there is no sshd';

t.test('host keys: rotated, agent replaced, the old key back', { skip: noSsh }, async (t) => {
  const [a, b] = [hostKey('a', 'ed25519'), hostKey('b', 'ed25519')];
  const [old, fresh] = [await started(t, a), await started(t, b)];
  const identity = [{ ssh: a.ssh }, { ssh: b.ssh }];
  await t.test('one agent', async (t) => {
    const { story, commitment } = await committed(packed('ssh-key-rotation', {}), identity, ONE_AGENT);
    await days(story, commitment, sshProbe, [1, 6], (day) => (day < 5 ? old : fresh));
    t.strictSame(verdictsOf(await toldBy(story)), all('UNKNOWN E3'));
    await days(story, commitment, sshProbe, [7, 9], () => fresh);
    const told = await toldBy(story);
    t.strictSame(verdictsOf(told), all('PROVEN E3'));
    t.match(told.search?.over, { looks: 8, missing: undefined });
    const look = await storyReader(story, trust).client().snapshot();
    const subject = await statusOf(look, SUBJECT);
    const why = whyRows(look, await explainClaim(look, subject, 'ssh-key-rotation'));
    const lines = why.find(({ name }) => name === 'earlier')?.lines ?? [];
    t.match(lines[0], /^over 8 earlier looks: 7 d covered$/);
    t.match(
      lines[1],
      /^these facts were first seen in entry \d+, not after 2026-03-01T\S+, last in entry \d+$/,
    );
    t.match(lines.at(-1), /nothing is seen between two looks/);
    t.match(subjectJson(subject).claims[0], {
      over: { looks: 8, missing: null, seen: [{ first: { index: Number } }, {}] },
    });
    await days(story, commitment, sshProbe, [10, 10], () => old);
    t.strictSame(verdictsOf(await toldBy(story)), all('VIOLATED E3'));
  });
  await t.test(
    'the agent is replaced: who reads the log by its search cannot know of all agents',
    async (t) => {
      const { story, commitment } = await committed(packed('ssh-key-rotation', {}), identity);
      await days(story, commitment, sshProbe, [1, 6], (day) => (day < 5 ? old : fresh));
      // What is of another subject is not in a bundle: then it does not have every entry.
      const other = story.said[story.indexOf(commitment)]?.parsed;
      if (other?.kind === 'commitment')
        await story.say('commitment', encodeCommitment(other.commitment), people.author, 'prod/pay/other');
      await days(story, commitment, sshProbe, [7, 9], () => fresh, agentTwo);
      t.strictSame(verdictsOf(await toldBy(story)), ['UNKNOWN E3', 'PROVEN E3', 'UNKNOWN E3']);
      await days(story, commitment, sshProbe, [10, 10], () => old, agentTwo);
      t.strictSame(
        verdictsOf(await toldBy(story)),
        all('VIOLATED E3'),
        'what is false is false without the rest',
      );
    },
  );
});

t.test('RSA beside Ed25519 on one host, one of them rotated', { skip: noSsh }, async (t) => {
  const [a, b, rsa] = [hostKey('c', 'ed25519'), hostKey('d', 'ed25519'), hostKey('e', 'rsa')];
  const [old, fresh] = [await started(t, a, rsa), await started(t, b, rsa)];
  const claims = [
    ...packed('ssh-key-rotation', { hostkeys: ['ssh-ed25519'] }),
    ...packed('ssh-key-rotation', { hostkeys: ['rsa-sha2-512'] }).map((each) => ({
      ...each,
      id: `rsa-${each.id}`,
    })),
  ];
  const identity = [a, b, rsa].map(({ ssh }) => ({ ssh }));
  const { story, commitment } = await committed(claims, identity, ONE_AGENT);
  await days(story, commitment, sshProbe, [1, 9], (day) => (day < 5 ? old : fresh));
  t.strictSame(verdictsOf(await toldBy(story, 0)), all('PROVEN E3'));
  t.strictSame(verdictsOf(await toldBy(story, 1)), all('VIOLATED E3'));
});

t.test('certificates: a target named by host and CA', async (t) => {
  const ca = await makeCertificate({
    name: 'test CA',
    ca: true,
    usage: 0x04,
    from: START - DAY,
    to: START + 90 * DAY,
  });
  const server = async (): Promise<Target> => {
    const own = await makeCertificate({
      name: 'localhost',
      by: ca,
      hosts: ['localhost'],
      usage: 0x80,
      purposes: [SERVER_AUTH],
      from: START - DAY,
      to: START + 90 * DAY,
    });
    const target = await nodeTls({ key: own.keyPem, cert: own.certPem });
    t.teardown(() => target.stop());
    return target;
  };
  const [old, fresh] = [await server(), await server()];
  const { story, commitment } = await committed(
    packed('key-rotation', {}),
    [{ ca: 0, host: 'localhost' }],
    ONE_AGENT,
    ca.der,
  );
  await days(story, commitment, tlsProbe, [1, 9], (day) => (day < 5 ? old : fresh));
  t.strictSame(verdictsOf(await toldBy(story)), all('PROVEN E3'));
  await days(story, commitment, tlsProbe, [10, 10], () => old);
  t.strictSame(verdictsOf(await toldBy(story)), all('VIOLATED E3'));
  // A bundle of the whole time holds up, and says the same of each day.
  const copy = await storyReader(story, trust).client(true).snapshot();
  const period = { since: START, until: story.now };
  const bytes = await makeBundle({ snapshot: copy, trust, subjects: [SUBJECT], period, madeWith: '0' });
  const { result, histories } = await verifyBundle(bytes, { trust });
  t.equal(result, 'verified');
  t.match(
    histories[0]?.claims[0]?.spans.map(({ kind }) => kind),
    ['uncovered', 'uncovered', 'uncovered', 'covered', 'failed'],
  );
});
