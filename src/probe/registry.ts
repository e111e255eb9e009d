/**
 * Every probe there is: one line each. This is the one registry that `commit`, readers and the agent ask; it holds what
 * probes say of themselves and loads no `node:` module. What runs them is runners.ts, one line each too.
 */
import type { SignedFacts } from '../evidence/signed-facts.ts';
import { EXEC } from './exec/describe.ts';
import type { ProbeDescription } from './description.ts';
import { FILES } from './files/describe.ts';
import { HTTP } from './http/describe.ts';
import { IAM } from './iam/describe.ts';
import { POSTGRES } from './postgres/describe.ts';
import { SELF } from './self/describe.ts';
import { SSH } from './ssh/describe.ts';
import { TERRAFORM } from './terraform/describe.ts';
import { TLS } from './tls/describe.ts';

/** In the order of the help. */
export const PROBES: readonly ProbeDescription[] = [
  TLS,
  SSH,
  POSTGRES,
  HTTP,
  FILES,
  TERRAFORM,
  IAM,
  EXEC,
  SELF,
];

/** What a probe of a name@version says of itself; undefined for one that is not in `probes`. */
export function describeProbe(
  name: string,
  probes: readonly ProbeDescription[] = PROBES,
): ProbeDescription | undefined {
  return probes.find((each) => each.name === name);
}

/** What is known of who signs for a probe; nothing of one that is not in `probes`. */
export function signedFactsFor(name: string, probes: readonly ProbeDescription[] = PROBES): SignedFacts {
  return describeProbe(name, probes)?.signed ?? {};
}
