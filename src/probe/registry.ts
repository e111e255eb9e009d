/**
 * The registry of probes, one line each. `commit`, readers and the agent use it. It has the descriptions of the probes and loads
 * no `node:` module. runners.ts loads the code that runs them, also one line each.
 */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { didYouMean } from '../bytes/suggest.ts';
import { API } from './api/describe.ts';
import { EXEC } from './exec/describe.ts';
import { CONTAINER } from './container/describe.ts';
import { CRI } from './cri/describe.ts';
import type { ProbeDescription } from './description.ts';
import { FILES } from './files/describe.ts';
import { HTTP } from './http/describe.ts';
import { IAM } from './iam/describe.ts';
import { KMS } from './kms/describe.ts';
import { KUBERNETES } from './kubernetes/describe.ts';
import { NET } from './net/describe.ts';
import { OCI } from './oci/describe.ts';
import { PACKAGES } from './packages/describe.ts';
import { POSTGRES } from './postgres/describe.ts';
import { SELF } from './self/describe.ts';
import { SSH } from './ssh/describe.ts';
import { TERRAFORM } from './terraform/describe.ts';
import { TLS } from './tls/describe.ts';

/** All probes, in the order in which the help lists them. */
export const PROBES: readonly ProbeDescription[] = [
  TLS,
  SSH,
  POSTGRES,
  HTTP,
  NET,
  FILES,
  TERRAFORM,
  IAM,
  KMS,
  KUBERNETES,
  CRI,
  OCI,
  PACKAGES,
  CONTAINER,
  API,
  EXEC,
  SELF,
];

/** The description of the probe of a name@version; undefined for one that is not in `probes`. */
export function describeProbe(
  name: string,
  probes: readonly ProbeDescription[] = PROBES,
): ProbeDescription | undefined {
  return probes.find((each) => each.name === name);
}

/** The probe of a name, with or without its version, as people give it. Refuses `usage` with the nearest name. */
export function probeCalled(wanted: string): ProbeDescription {
  const found = PROBES.find(({ name }) => name === wanted || name.split('@', 1)[0] === wanted);
  if (found !== undefined) return found;
  const names = PROBES.map(({ name }) => name);
  throw refuse(
    'usage',
    `there is no probe ${printable(wanted)}${didYouMean(wanted, names)}; there are ${names.join(', ')}`,
  );
}
