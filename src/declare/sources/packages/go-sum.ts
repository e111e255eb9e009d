/** go.sum: a line for each module and version, with the digest of its archive or of its go.mod (Go Modules Reference, "go.sum files"). */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import type { Locked } from './locked.ts';

const LINE = /^(\S+) (v\S+?)(\/go\.mod)? (h1:[A-Za-z0-9+/]{43}=)$/;

/** Refuses `malformed-text`. The same line twice is one; two digests of one module are refused, since go takes any of them. */
export function goSum(lines: readonly string[]): readonly Locked[] {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, module = '', version = '', mod = '', digest = ''] = LINE.exec(line) ?? [];
    if (module === '') throw refuse('malformed-text', `this is no line of go.sum: ${printable(line, 120)}`);
    const name = `${module}@${version}${mod}`;
    if ((found.get(name) ?? digest) !== digest)
      throw refuse(
        'malformed-text',
        `${printable(name, 200)} has two digests, and go takes either; find out which is right (\`go mod verify\`)`,
      );
    found.set(name, digest);
  }
  return [...found].map(([name, value]) => ({ at: ['go', name], value }));
}
