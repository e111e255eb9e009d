/** The description of the probe `terraform@1`. */
import type { ProbeDescription } from '../description.ts';
import { TERRAFORM_PACKS } from './pack.ts';
import { TERRAFORM_SHAPE } from './shape.ts';

/** Milliseconds that `terraform show -json` may take. */
export const SHOW_MS = 60_000;

export const TERRAFORM: ProbeDescription = {
  name: 'terraform@1',
  summary:
    'the state after an apply against the committed plan: attributes that differ, resources nobody declared',
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
    'E0: the state is what Terraform believes the provider told it; whether it is so, only other probes can say.',
  blastRadius:
    'reads one file; with run, `terraform show -json`, which starts the providers of the folder and changes nothing',
  timeoutMs: SHOW_MS + 10_000,
  needs: ['child-process', 'fs-read'],
  packs: TERRAFORM_PACKS,
};
