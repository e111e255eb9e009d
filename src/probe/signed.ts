/**
 * What targets of probes sign, one line for each probe that has something signed. Readers judge by it, and pages load it without the
 * descriptions (registry.ts), which are ten times as large.
 */
import type { SignedFacts } from '../evidence/signed-facts.ts';
import { EXEC_FACTS } from './exec/signed.ts';
import { IAM_FACTS } from './iam/signed.ts';
import { NET_FACTS } from './net/signed.ts';
import { OCI_FACTS } from './oci/signed.ts';
import { POSTGRES_FACTS } from './postgres/signed.ts';
import { SSH_FACTS } from './ssh/signed.ts';
import { TLS_FACTS } from './tls/signed.ts';

/** By the name of the probe. */
export const SIGNED: ReadonlyMap<string, SignedFacts> = new Map([
  ['tls@1', TLS_FACTS],
  ['ssh@1', SSH_FACTS],
  ['postgres@1', POSTGRES_FACTS],
  ['net@1', NET_FACTS],
  ['iam@1', IAM_FACTS],
  ['oci@1', OCI_FACTS],
  ['exec@1', EXEC_FACTS],
]);

/** The signed facts of a probe; none for one that is not known, or of which nothing is signed. */
export function signedFactsFor(name: string): SignedFacts {
  return SIGNED.get(name) ?? {};
}
