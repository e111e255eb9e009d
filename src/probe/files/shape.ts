/** What `files@1` can observe. */
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';

const PATHS: Shape = { list: 'any' };

const ALWAYS: Readonly<Record<string, Shape>> = {
  ...scalars('root', 'declared', 'compared', 'same', 'whole'),
  looked: { list: 'scalar' },
  differing: PATHS,
  missing: PATHS,
  escaping: PATHS,
  unreadable: PATHS,
  counts: { map: 'scalar' },
};

/** `undeclared` and `owners` only where the claim asks for them. */
export function filesShape(params: ReadonlyMap<string, Parameter>): Shape {
  return {
    members: {
      ...ALWAYS,
      ...(params.get('closed') !== false && { undeclared: PATHS }),
      ...((params.has('uid') || params.has('gid')) && { owners: PATHS }),
    },
  };
}
