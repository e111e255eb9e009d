/** The difference of two declarations, a line for each change, for `registry diff` and `approve`. */
import type { Declaration } from '../../statement/commitment.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { changesOf, factsOf, type Change, type Facts } from '../../declare/facts.ts';
import { leavesFor, type ShownLeaves } from '../../declare/node/openedleaves.ts';
import { line } from '../../words/plain.ts';

const NOTHING: Facts = new Map();

/** Every fact that differs: claims, scope, target, approvals, source. `before`: undefined for a first declaration. */
export function factLines(
  output: Output,
  before: Declaration | undefined,
  after: Declaration,
): readonly string[] {
  const changes = changesOf(before === undefined ? NOTHING : factsOf(before), factsOf(after));
  return changes.length === 0 ? ['the same facts'] : changes.map((each) => changeLine(output, each));
}

/** The leaves that differ, if a file in `own` has the leaves of `after`; otherwise a line that says what is missing. */
export function leafLines(
  output: Output,
  before: Declaration | undefined,
  after: Declaration,
  own: readonly ShownLeaves[],
): readonly string[] {
  const now = leavesFor(own, after);
  if (now === undefined)
    return [
      `the contents are not shown: the root covers ${after.tree.leaves} leaves, which only their owner has; pass the ` +
        'leaves.json or opening.json that commit wrote with --leaves',
    ];
  const old = before && leavesFor(own, before);
  const changes = changesOf(old ?? NOTHING, now);
  const what =
    old === undefined && before !== undefined
      ? `leaves     ${now.size}, which lead to the root; not compared, because those in force are not at hand`
      : `leaves     ${now.size}, which lead to the root; ${changes.length} differ`;
  return [what, ...changes.map((each) => changeLine(output, each))];
}

/** `+ name = text`, `- name = text`, `~ name: old → new`. */
export function changeLine(output: Output, { name, before, after }: Change): string {
  const shown = line(name, 200);
  if (before === undefined) return output.paint('green', `+ ${shown} = ${line(after ?? '')}`);
  if (after === undefined) return output.paint('red', `- ${shown} = ${line(before)}`);
  return output.paint('yellow', `~ ${shown}: ${line(before)} → ${line(after)}`);
}

export function changeJson({ name, before, after }: Change): JsonValue {
  return { name, before: before ?? null, after: after ?? null };
}
