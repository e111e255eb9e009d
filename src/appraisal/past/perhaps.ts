/**
 * Time that may have been uncovered (spec/audit.md, "Bounds in time"). Where nobody states when an entry was logged, what it covers
 * counts from its upper bound on, and what it leaves uncovered from its lower bound on. Pure.
 */
import { NOTHING, type Draft } from './drafts.ts';

type Open = Pick<Draft, 'kind' | 'hides' | 'why'>;

/** How openly nothing is known: 2 uncovered, 1 the same under a waiver, 0 covered or not claimed; Infinity where it failed. */
function opennessOf({ kind, hides, why }: Open): number {
  if (kind === 'failed' || hides === 'failed') return Infinity;
  if (hides === 'uncovered') return 1;
  return kind === 'covered' || why === 'unclaimed' || why === 'withdrawn' ? 0 : 2;
}

/** Whether something is claimed and nothing known, under a waiver or not. */
export function isOpen(span: Open): boolean {
  return [1, 2].includes(opennessOf(span));
}

/** The spans, which ascend, with each part of `perhaps` in place of what is milder. Before the first span nothing is claimed. */
export function withPerhaps(spans: readonly Draft[], perhaps: readonly Draft[]): readonly Draft[] {
  const of = (openness: number) => united(perhaps.filter((each) => opennessOf(each) === openness));
  return overlaid(overlaid(spans, of(1)), of(2));
}

/** Parts without overlaps, ascending. Of parts that overlap or touch, the commitment and the waiver of the last one stand. */
function united(parts: readonly Draft[]): readonly Draft[] {
  const whole: Draft[] = [];
  for (const part of parts.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const before = whole.at(-1);
    if (before === undefined || before.to < part.from) whole.push(part);
    else if (part.to > before.to) whole[whole.length - 1] = { ...part, from: before.from };
  }
  return whole;
}

/** Both ascend. One pass, since a long period has many of each. */
function overlaid(spans: readonly Draft[], parts: readonly Draft[]): readonly Draft[] {
  const [earliest] = parts;
  if (earliest === undefined) return spans;
  const first = spans[0]?.from ?? parts.at(-1)?.to ?? earliest.to;
  const before: Draft = { ...NOTHING, kind: 'uncovered', why: 'unclaimed', from: earliest.from, to: first };
  const done: Draft[] = [];
  let next = 0;
  for (const span of before.from < first ? [before, ...spans] : spans) {
    while ((parts[next]?.to ?? Infinity) <= span.from) next += 1;
    let { from } = span;
    for (let i = next; ; i += 1) {
      const part = parts[i];
      if (part === undefined || part.from >= span.to) break;
      if (opennessOf(span) >= opennessOf(part)) continue;
      const inside = { from: Math.max(from, part.from), to: Math.min(span.to, part.to) };
      if (from < inside.from) done.push({ ...span, from, to: inside.from });
      done.push({ ...part, ...inside });
      from = inside.to;
    }
    if (from < span.to) done.push({ ...span, from });
  }
  return done;
}
