/** The description of the probe `terraform@1`. */
import type { ProbeDescription } from '../description.ts';
import { absolutePath } from '../target-form.ts';
import { readsPath } from '../grant.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import { TERRAFORM_PACKS } from './pack.ts';

const LIST: Shape = { list: 'any' };

const TERRAFORM_SHAPE: Shape = {
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

/** Milliseconds that `terraform show -json` may take. */
export const SHOW_MS = 60_000;

export const READS_STATE = readsPath('read the state');

export const TERRAFORM: ProbeDescription = {
  name: 'terraform@1',
  summary:
    'the state after an apply, compared with the committed plan: attributes that differ, resources that nobody declared',
  target: absolutePath('the absolute path of a state in JSON, or of a folder'),
  parameters: {
    run: {
      type: 'boolean',
      help: 'the target is a Terraform folder: run `terraform show -json` there, instead of reading a file it wrote',
      fallback: false,
      by: 'owner',
    },
  },
  secrets: { salt: { help: 'the salt secret of `commit`, for sensitive values', isSent: false } },
  observes: () => TERRAFORM_SHAPE,
  evidence:
    'E0: the state is what Terraform recorded of the answers of its providers. Only other probes can say whether it is so.',
  blastRadius:
    'reads one file; with run, `terraform show -json`, which starts the providers of the folder and changes nothing',
  timeoutMs: SHOW_MS + 10_000,
  grants: [READS_STATE],
  needs: ['child-process', 'fs-read'],
  packs: TERRAFORM_PACKS,
};
