/** What `policy revoke --compromised-since` shows before anything is signed. */
import { printable } from '../../bytes/printable.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Effect, Fallen, Since } from '../../policy/compromised.ts';
import type { JsonValue } from '../frame/output.ts';

/** Lines for people. `asked`: POSIX seconds, where a time was asked for. */
export function compromisedLines(
  { size, head }: Since,
  asked: number | undefined,
  fallen: readonly Fallen[],
  effects: readonly Effect[],
): readonly string[] {
  const from =
    head === undefined
      ? `from entry ${size} on`
      : `from entry ${size} on: ${asked === undefined ? '' : `not after ${formatTime(asked)} `}a quorum of witnesses had cosigned ${size} entries ` +
        `(${formatTime(head.notAfter)}${head.index === undefined ? '' : `, notice in entry ${head.index}`})`;
  const none =
    fallen.length === 0 ? ["  nothing: by the log's search the key said nothing from there on"] : [];
  return [
    `not believed ${from}`,
    "what falls, by the log's search:",
    ...none,
    ...fallen.flatMap(({ kind, count, more, subjects, means }) => [
      `  ${count}${more ? ' or more' : ''} of kind ${kind}: ${means}`,
      `    ${subjects
        .slice(0, 5)
        .map((each) => printable(each, 100))
        .join(', ')}${subjects.length > 5 ? ', …' : ''}`,
    ]),
    ...effects.map(
      ({ subject, before, after }) =>
        `  ${printable(subject, 100)}: in force ${named(before)} → ${named(after)}`,
    ),
  ];
}

function named(index: number | undefined): string {
  return index === undefined ? 'nothing' : `entry ${index}`;
}

/** The same for machines. */
export function compromisedJson(
  { size, head }: Since,
  fallen: readonly Fallen[],
  effects: readonly Effect[],
): { readonly [name: string]: JsonValue } {
  return {
    since: size,
    witnessed_head:
      head === undefined ? null : { size: head.size, notice: head.index ?? null, not_after: head.notAfter },
    falls: fallen.map(({ kind, count, more, subjects, means }) => ({
      kind,
      count,
      more,
      subjects: [...subjects],
      means,
    })),
    effects: effects.map(({ subject, before, after }) => ({
      subject,
      before: before ?? null,
      after: after ?? null,
    })),
  };
}
