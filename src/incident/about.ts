/**
 * The text `about`, from which, with kind and origin, the id of an incident is made. Every watcher writes the same text
 * for the same fault, so that a rollback seen by a client, a monitor and a mirror is one incident (spec/incidents.md).
 */
import type { Digest } from '../bytes/brand.ts';
import { formatBase64 } from '../bytes/text.ts';

/** Size and root of a signed head. */
interface AboutHead {
  readonly size: number;
  readonly root: Digest;
}

/** A split view: both heads, in order of size and then of root, whichever was seen first. */
export function aboutSplit(one: AboutHead, other: AboutHead): string {
  return [one, other]
    .map((head) => ({ size: head.size, text: aboutHead(head) }))
    .toSorted((a, b) => a.size - b.size || (a.text < b.text ? -1 : 1))
    .map(({ text }) => text)
    .join('\n');
}

/**
 * A rollback: names the larger head alone. The log may grow again and be seen at many smaller sizes; that is the same
 * rollback.
 */
export function aboutRollback(seen: AboutHead): string {
  return `from ${aboutHead(seen)}`;
}

function aboutHead({ size, root }: AboutHead): string {
  return `${size} ${formatBase64(root)}`;
}
