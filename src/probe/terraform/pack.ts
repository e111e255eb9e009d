/** The packs of `terraform@1` (the page of the probe). */
import type { Pack } from '../pack.ts';

export const TERRAFORM_PACKS: Readonly<Record<string, Pack>> = {
  'terraform-applied': {
    summary: 'the Terraform state has what the committed plan says, and nothing else',
    needs: [],
    claims: [
      {
        id: 'terraform-as-planned',
        title: 'Every attribute that the plan knew has its planned value in the state',
        expr: 'size(o.terraform.differing) == 0 && size(o.terraform.missing) == 0 && size(o.terraform.deleted) == 0 && o.terraform.whole',
        minEvidence: 'E0',
        severity: 'high',
      },
      {
        id: 'terraform-closed',
        title: 'The state has no resource and no attribute that was not planned',
        expr: 'size(o.terraform.undeclared) == 0 && size(o.terraform.extra) == 0',
        minEvidence: 'E0',
        severity: 'medium',
      },
    ],
  },
};
