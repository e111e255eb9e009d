/** Made-up stories of one subject: commitments, approvals, proofs on time and late, waivers, deployments, revocations, witnessed heads. */
import fc from 'fast-check';
import { digest, type Digest } from '#src/bytes/brand.ts';
import type { Signer } from '#src/sign/signer.ts';
import type { Claim } from '#src/statement/commitment.ts';
import type { Verdict } from '#src/statement/vocabulary.ts';
import { AGENTS, claimOf, kidOf, people, type PastStory } from './past-story.ts';

export type Deed =
  | {
      readonly do: 'commit';
      readonly cadence: number;
      readonly grace: number;
      readonly deadline: number;
      readonly approvals: number;
      readonly from: number;
      readonly valid: number;
      readonly both: boolean;
      readonly attestors: number;
    }
  | { readonly do: 'approve' }
  | { readonly do: 'withdraw' }
  | {
      readonly do: 'prove';
      readonly agent: number;
      readonly tls: Verdict;
      readonly login: Verdict;
      readonly what: number;
      readonly late: number;
      readonly old: number;
      readonly evidence: 'E0' | 'E1' | 'E2';
    }
  | { readonly do: 'waive'; readonly lasts: number }
  | { readonly do: 'deploy'; readonly ago: number }
  | { readonly do: 'revoke'; readonly who: number; readonly back: number }
  | { readonly do: 'witness' }
  | { readonly do: 'set back'; readonly seconds: number };

export type Plot = readonly { readonly after: number; readonly deed: Deed }[];

const VERDICTS: readonly Verdict[] = ['PROVEN', 'PROVEN', 'PROVEN', 'VIOLATED', 'CONTRADICTED', 'UNKNOWN'];
const verdict = fc.constantFrom(...VERDICTS);
const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const is = <K extends Deed['do']>(word: K): fc.Arbitrary<K> => fc.constant(word);

/** Plots of about 30 deeds. `late`: with late proofs, revocations and a log whose clock goes wrong. */
export function anyPlot({ late = true }: { readonly late?: boolean }): fc.Arbitrary<Plot> {
  const commit = fc.record({
    do: is('commit'),
    cadence: fc.constantFrom(600, 3_600, 7_200),
    grace: int(0, 1),
    deadline: fc.constantFrom(0, 300, 900),
    approvals: fc.constantFrom(0, 0, 1),
    from: fc.constantFrom(0, 0, 0, 1_500),
    valid: fc.constantFrom(0, 0, 0, 9_000),
    both: fc.boolean(),
    attestors: fc.constantFrom(0, 0, 1, 2),
  });
  const prove = fc.record({
    do: is('prove'),
    agent: int(0, 2),
    tls: verdict,
    login: verdict,
    what: int(0, 3),
    late: late ? fc.constantFrom(0, 0, 5, 400, 2_000) : fc.constantFrom(0, 5),
    old: late ? fc.constantFrom(0, 0, 0, 2, 8) : fc.constant(0),
    evidence: fc.constantFrom('E1', 'E1', 'E0', 'E2'),
  });
  const usual: fc.WeightedArbitrary<Deed>[] = [
    { weight: 3, arbitrary: commit },
    { weight: 2, arbitrary: fc.record({ do: is('approve') }) },
    { weight: 1, arbitrary: fc.record({ do: is('withdraw') }) },
    { weight: 14, arbitrary: prove },
    { weight: 2, arbitrary: fc.record({ do: is('waive'), lasts: int(1, 6_000) }) },
    { weight: 2, arbitrary: fc.record({ do: is('deploy'), ago: fc.constantFrom(0, 100) }) },
    { weight: 5, arbitrary: fc.record({ do: is('witness') }) },
  ];
  const unusual: fc.WeightedArbitrary<Deed>[] = late
    ? [
        { weight: 2, arbitrary: fc.record({ do: is('revoke'), who: int(0, 4), back: int(0, 12) }) },
        { weight: 1, arbitrary: fc.record({ do: is('set back'), seconds: fc.constantFrom(30, 5_000) }) },
      ]
    : [];
  const deed = fc.oneof(...usual, ...unusual);
  const step = fc.record({ after: fc.constantFrom(0, 1, 30, 299, 600, 900, 1_700, 3_600), deed });
  const first = {
    after: 10,
    deed: {
      do: 'commit',
      cadence: 3_600,
      grace: 0,
      deadline: 0,
      approvals: 0,
      from: 0,
      valid: 0,
      both: true,
      attestors: 0,
    },
  } as const;
  return fc.array(step, { minLength: 12, maxLength: 34 }).map((steps) => [first, ...steps]);
}

/** What a story needs to remember of itself. */
interface Told {
  newest: Digest | undefined;
  claims: readonly Claim[];
  isDeclared: boolean;
  readonly gone: Set<string>;
}

/** Logs a plot. Deeds that a log would refuse are left out. */
export async function play(story: PastStory, plot: Plot): Promise<void> {
  const told: Told = { newest: undefined, claims: [], isDeclared: false, gone: new Set() };
  for (const { after, deed } of plot) {
    story.at(story.now + after);
    await run(story, deed, told);
  }
}

async function run(story: PastStory, deed: Deed, told: Told): Promise<void> {
  const { newest } = told;
  if (deed.do === 'commit') return commit(story, deed, told);
  if (deed.do === 'witness') return void (await story.witness());
  if (newest === undefined) return;
  if (deed.do === 'approve' && !told.gone.has(kidOf(people.approver)))
    await fresh(story, () => story.approve(newest));
  if (deed.do === 'withdraw' && told.isDeclared && !told.gone.has(kidOf(people.author))) {
    told.newest = await story.withdraw(newest);
    told.isDeclared = false;
  }
  if (deed.do === 'revoke') return revoke(story, deed, told);
  if (deed.do === 'set back') {
    const last = story.said.at(-1);
    if (last !== undefined) last.time -= deed.seconds;
  }
  if (!told.isDeclared) return;
  if (deed.do === 'prove') await prove(story, deed, newest, told);
  if (deed.do === 'waive' && !told.gone.has(kidOf(people.approver)))
    await fresh(story, () =>
      story.waive(
        newest,
        told.claims.map(({ id }) => id),
        story.now + deed.lasts,
      ),
    );
  if (deed.do === 'deploy' && !told.gone.has(kidOf(people.author)))
    await fresh(story, () => story.deploy(newest, story.now - deed.ago));
}

/** The same statement cannot be logged twice: it is said a second later. */
async function fresh(story: PastStory, say: () => Promise<unknown>): Promise<void> {
  story.at(story.now + 1);
  await say();
}

type Commit = Extract<Deed, { do: 'commit' }>;
async function commit(story: PastStory, deed: Commit, told: Told): Promise<void> {
  if (told.gone.has(kidOf(people.author))) return;
  const { cadence, grace, deadline, approvals, from, valid, both, attestors } = deed;
  const terms = { cadence, ...(grace > 0 && { grace }), ...(deadline > 0 && { deadline }) };
  told.claims = [claimOf('tls', terms), ...(both ? [claimOf('login', { cadence: 7_200 })] : [])];
  const validity = {
    ...(from > 0 && { notBefore: story.now + from }),
    ...(valid > 0 && { notAfter: story.now + valid }),
  };
  const kids = AGENTS.slice(0, 2).map(([signer]) => digest(Uint8Array.fromHex(kidOf(signer))));
  told.newest = await story.commit(told.claims, {
    ...(approvals > 0 && { approvals }),
    ...((from > 0 || valid > 0) && { validity }),
    ...(attestors > 0 && { attestors: { threshold: attestors, kids } }),
  });
  told.isDeclared = true;
}

type Prove = Extract<Deed, { do: 'prove' }>;
async function prove(story: PastStory, deed: Prove, newest: Digest, told: Told): Promise<void> {
  const by = AGENTS[deed.agent]?.[0] ?? people.agent;
  if (told.gone.has(kidOf(by))) return;
  const said = (verdict: Verdict) => ({
    verdict,
    evidence: deed.evidence,
    ...(verdict !== 'PROVEN' && { explain: 'it was seen' }),
  });
  const seen = {
    ...(deed.what !== 1 && deed.what < 3 && { tls: said(deed.tls) }),
    ...(deed.what !== 2 && deed.what < 3 && told.claims.length > 1 && { login: said(deed.login) }),
  };
  const end = Math.max(1, story.now - deed.late);
  const window = { start: end - 1, end };
  await story.prove(newest, seen, {
    by,
    change: { window },
    challengeSize: Math.max(1, story.entries.length - deed.old),
  });
}

async function revoke(
  story: PastStory,
  { who, back }: Extract<Deed, { do: 'revoke' }>,
  told: Told,
): Promise<void> {
  const all: readonly Signer[] = [...AGENTS.map(([signer]) => signer), people.approver, people.author];
  const signer = all[who] ?? people.agent;
  if (told.gone.has(kidOf(signer))) return;
  told.gone.add(kidOf(signer));
  await story.revoke(signer, Math.max(0, story.entries.length - back));
}
