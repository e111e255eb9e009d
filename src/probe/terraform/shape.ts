/** What `terraform@1` can observe. */
import { scalars, type Shape } from '../../claim/shape.ts';

const LIST: Shape = { list: 'any' };

export const TERRAFORM_SHAPE: Shape = {
  members: {
    ...scalars(
      'terraform',
      'ageSeconds',
      'declared',
      'same',
      'changed',
      'absent',
      'later',
      'sensitive',
      'whole',
    ),
    differing: LIST,
    missing: LIST,
    deleted: LIST,
    undeclared: LIST,
    extra: LIST,
    tainted: { list: 'scalar' },
    notCompared: { list: 'scalar' },
    looked: { list: 'scalar' },
  },
};
