/** The difference of two declarations, a line for each change, for `registry diff` and `approve`. */
import type { Declared } from '../../appraisal/history.ts';
import type { Declaration } from '../../statement/commitment.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { changesOf, factsOf, type Change, type Facts } from '../../declare/facts.ts';
import {
  comparedText,
  leafDifference,
  openedOf,
  type LoggedDeclaration,
  type OpenedFile,
} from '../../declare/opened.ts';
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

/** The leaves that differ, as far as files in `own` open them, and what is not known. */
export function leafLines(
  output: Output,
  before: LoggedDeclaration | undefined,
  after: LoggedDeclaration,
  own: readonly OpenedFile[],
): readonly string[] {
  const now = openedOf(own, after);
  if (now.leaves.size === 0)
    return [
      `the contents are not shown: the root covers ${now.of} leaves, which only their owner has; pass the ` +
        'leaves.json or opening.json that commit wrote with --leaves',
    ];
  if (before === undefined || openedOf(own, before).leaves.size === 0) {
    const first = before === undefined ? '' : '; not compared, because those in force are not at hand';
    const changes = [...now.leaves].map(([name, { text }]) => ({ name, before: undefined, after: text }));
    return [
      `leaves     ${now.leaves.size} of ${now.of}, which lead to the root${first}`,
      ...changes.map((each) => changeLine(output, each)),
    ];
  }
  const difference = leafDifference(before, after, own);
  return [
    `leaves     ${comparedText(difference)}`,
    ...difference.changes.map((each) => changeLine(output, each)),
  ];
}

export function loggedAs({ entry: { id }, declaration }: Declared, subject: string): LoggedDeclaration {
  return { id, subject, declaration };
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
