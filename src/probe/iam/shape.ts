/** What `iam@1` can observe. */
import { scalars, type Shape } from '../../claim/shape.ts';

export const IAM_SHAPE: Shape = {
  members: {
    ...scalars('attributed', 'classified'),
    principals: { list: 'scalar' },
    evaluator: { map: 'scalar' },
    chain: {
      members: {
        ...scalars('complete', 'whole', 'unbroken', 'from', 'to', 'digests', 'logFiles', 'faultCount'),
        regions: { list: 'scalar' },
        keys: { list: 'scalar' },
        faults: { list: 'scalar' },
      },
    },
    counts: { map: 'scalar' },
    violations: { list: { map: 'scalar' } },
    writes: { list: { map: 'scalar' } },
    unknown: { map: 'any' },
    used: { map: 'scalar' },
    unused: { list: 'scalar' },
    files: { map: 'scalar' },
    calls: { map: 'any' },
  },
};
