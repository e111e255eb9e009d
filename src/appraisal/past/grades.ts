/**
 * Grades how complete the entries of a period are (spec/audit.md, "Completeness"). If a chain of proofs goes on after the period
 * without a gap, none of the period was left out. If it ends in the period, its last links may have been left out, and only the
 * source vouches for them. Pure.
 */
import { groupBy } from '../../bytes/group.ts';
import { formatHex } from '../../bytes/text.ts';
import { answerable } from '../../registration/delegated.ts';
import type { Role } from '../../statement/policy.ts';
import type { Declared, EntryOf } from '../history.ts';
import { isOf } from '../history.ts';
import { isIn } from './figures.ts';
import type { AgentKey, KnownHistory } from './known-types.ts';
import type { TimedEntry, Timeline } from './timeline.ts';
import { GRADES, type Grade, type PastRecord, type Period } from './types.ts';

const AGENT: Role = 'agent';

/** The lower of two grades. */
export function lowest(grades: readonly Grade[]): Grade {
  return GRADES.find((grade) => grades.includes(grade)) ?? 'whole';
}

function highest(a: Grade, b: Grade): Grade {
  return GRADES.indexOf(a) > GRADES.indexOf(b) ? a : b;
}

/** Every agent key that a policy of the period allows for the subject, and every key that a proof of it is signed by. */
export function agentKeys(record: PastRecord, timeline: Timeline, period: Period): readonly AgentKey[] {
  const proofs = groupBy(
    timeline.entries.filter(({ known }) => isOf(known, 'proof')),
    ({ known }) => known.parsed.kid,
  );
  const names = namesIn(record, timeline, period);
  for (const [kid, links] of proofs)
    for (const { known, visible } of links)
      if (isIn(period, visible)) addTo(names, kid, record.policies.speakerOf(known.parsed, known.index));
  return [...names].map(([kid, called]) => {
    const links = proofs.get(kid) ?? [];
    const chain = chainGrade(links, period);
    const source = record.complete.proof ?? 'word';
    const grade = highest(source, chain.grade);
    return {
      kid,
      names: [...called],
      revoked: revokedIn(record, new Set([kid, ...links.map(({ known }) => answerable(known.parsed))])),
      proofs: links.filter(({ visible }) => isIn(period, visible)).length,
      grade,
      why:
        grade === chain.grade && grade !== source ? chain.why : grade === 'word' ? chain.why : SOURCE[grade],
    };
  });
}

const SOURCE: Readonly<Record<Grade, string>> = {
  word: 'on the word of the log',
  chain: 'its chain goes on after the period without a gap',
  monitor: 'a monitor that the reader trusts counted the entries',
  whole: 'every entry of the log was read',
};

/** Agent keys by the policies that were in force in the period, with the names that these give them. */
function namesIn(
  { policies, subject }: PastRecord,
  timeline: Timeline,
  { since, until }: Period,
): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  const visible = new Map(timeline.policies.map((each) => [each.index, each.visible]));
  for (const [i, { policy, index }] of policies.steps.entries()) {
    const next = policies.steps[i + 1];
    const begin = visible.get(index) ?? 0;
    const end = next === undefined ? Infinity : (visible.get(next.index) ?? Infinity);
    if (begin >= until || end <= since) continue;
    for (const [kid, { enrolled, allows }] of policy.keys)
      if (enrolled.roles.includes(AGENT) && allows(subject))
        addTo(names, kid, enrolled.name ?? policies.nameOf(kid, index));
  }
  return names;
}

function addTo(names: Map<string, Set<string>>, kid: string, name: string): void {
  names.set(kid, (names.get(kid) ?? new Set()).add(name));
}

/** The index from which on a key is revoked, or one that delegated to it, and the first policy that says so. */
function revokedIn({ policies }: PastRecord, kids: ReadonlySet<string>): AgentKey['revoked'] {
  const all = [...kids].flatMap((kid) => {
    const since = policies.revokedSince(kid);
    const by = policies.steps.find(({ policy }) => policy.revoked.get(kid)?.since === since);
    return since === undefined || by === undefined ? [] : [{ since, by: by.index }];
  });
  return all.toSorted((a, b) => a.since - b.since)[0];
}

/** Whether witnesses show that an entry was logged before the period, or after it. The log's own time shows neither. */
function isBefore({ bounds: { notAfter } }: Pick<TimedEntry, 'bounds'>, { since }: Period): boolean {
  return notAfter !== undefined && notAfter <= since;
}
function isAfter({ bounds: { notBefore } }: Pick<TimedEntry, 'bounds'>, { until }: Period): boolean {
  return notBefore !== undefined && notBefore >= until;
}

/** `chain` if the links of a key go on from before the period, or from the first one, to one after it, without a gap. */
function chainGrade(
  links: readonly TimedEntry[],
  period: Period,
): { readonly grade: 'word' | 'chain'; readonly why: string } {
  const chain = links.flatMap(({ known, visible, bounds }) =>
    isOf(known, 'proof') ? [{ known, visible, bounds }] : [],
  );
  const [first] = chain;
  if (first === undefined) return word('no proof by it was read; the log could have left out all of them');
  const after = chain.findIndex((each) => isAfter(each, period));
  if (after === -1)
    return word(
      chain.some(({ visible }) => visible >= period.until)
        ? 'that a link of its chain came after the period is the word of the log'
        : 'no link of its chain after the period was read; the last ones of the period could be left out',
    );
  const before = chain.findLastIndex((each) => isBefore(each, period));
  if (before === -1 && first.known.parsed.proof.seq !== 0)
    return word('no link of its chain was read that witnesses show to be from before the period');
  for (let i = Math.max(1, before + 1); i <= after; i += 1) {
    const [last, next] = [chain[i - 1], chain[i]];
    if (last !== undefined && next !== undefined && !follows(last.known, next.known))
      return word(`its chain has a gap between entry ${last.known.index} and entry ${next.known.index}`);
  }
  return { grade: 'chain', why: SOURCE.chain };
}

function word(why: string): { readonly grade: 'word'; readonly why: string } {
  return { grade: 'word', why };
}

/** Whether a proof is the next link of the chain of another. */
export function follows(
  last: Pick<EntryOf<'proof'>, 'id' | 'parsed'>,
  next: Pick<EntryOf<'proof'>, 'parsed'>,
): boolean {
  const { seq, prev } = next.parsed.proof;
  return seq === last.parsed.proof.seq + 1 && (prev && formatHex(prev)) === last.id;
}

/**
 * The grade of each kind of entry. Commitment statements name the one before, and policies the one that they replace: if another
 * one came after the period, none of the period was left out.
 */
export function gradesOf(
  record: PastRecord,
  timeline: Timeline,
  keys: readonly AgentKey[],
  period: Period,
): KnownHistory['grades'] {
  const { complete } = record;
  const isReplaced = timeline.policies.some(({ index }) =>
    isAfter({ bounds: timeline.bounds.boundsOf(index) }, period),
  );
  return {
    policy: highest(complete.policy ?? 'word', isReplaced ? 'chain' : 'word'),
    commitment: highest(complete.commitment ?? 'word', orderGrade(timeline, period)),
    approval: complete.approval ?? 'word',
    waiver: complete.waiver ?? 'word',
    deployment: complete.deployment ?? 'word',
    proof: proofGrade(record, timeline, keys, period, undefined),
  };
}

/** `chain` if the commitment statements follow from one another up to one after the period. */
function orderGrade({ entries }: Timeline, period: Period): Grade {
  let before: string | undefined;
  for (const { known, bounds } of entries) {
    if (!isOf(known, 'commitment')) continue;
    const { supersedes } = known.parsed.commitment;
    if ((supersedes && formatHex(supersedes)) !== before) return 'word';
    if (isAfter({ bounds }, period)) return 'chain';
    before = known.id;
  }
  return 'word';
}

/**
 * The grade of the proofs that count for a declaration, or of all of them: the lowest of its agents. In an open log every key may
 * prove, so the keys that left no proof behind are not known.
 */
export function proofGrade(
  { policies, complete }: PastRecord,
  timeline: Timeline,
  keys: readonly AgentKey[],
  period: Period,
  declared: Declared | undefined,
): Grade {
  const source = complete.proof ?? 'word';
  const { attestors } = declared?.declaration ?? {};
  if (attestors !== undefined)
    return lowest(
      attestors.kids.map((kid) => keys.find((each) => each.kid === formatHex(kid))?.grade ?? source),
    );
  const visible = new Map(timeline.policies.map((each) => [each.index, each.visible]));
  const isOpen = policies.steps.some(
    ({ policy, index }) => policy.document.open && (visible.get(index) ?? 0) < period.until,
  );
  return isOpen || keys.length === 0 ? source : lowest(keys.map(({ grade }) => grade));
}
