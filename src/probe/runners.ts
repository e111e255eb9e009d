/**
 * Loads the code of each probe when a claim asks for it. `self@1` is not here: an agent makes it from its own profile
 * (agent/self.ts).
 */
import type { Probe } from './probe.ts';

export const RUNNERS: ReadonlyMap<string, () => Promise<Probe>> = new Map([
  ['tls@1', async () => (await import('./tls/probe.ts')).tlsProbe],
  ['ssh@1', async () => (await import('./ssh/probe.ts')).sshProbe],
  ['postgres@1', async () => (await import('./postgres/probe.ts')).postgresProbe],
  ['http@1', async () => (await import('./http/probe.ts')).httpProbe],
  ['net@1', async () => (await import('./net/probe.ts')).netProbe],
  ['files@1', async () => (await import('./files/probe.ts')).filesProbe],
  ['terraform@1', async () => (await import('./terraform/probe.ts')).terraformProbe],
  ['iam@1', async () => (await import('./iam/probe.ts')).iamProbe],
  ['kms@1', async () => (await import('./kms/probe.ts')).kmsProbe],
  ['kubernetes@1', async () => (await import('./kubernetes/probe.ts')).kubernetesProbe],
  ['cri@1', async () => (await import('./cri/probe.ts')).criProbe],
  ['oci@1', async () => (await import('./oci/probe.ts')).ociProbe],
  ['packages@1', async () => (await import('./packages/probe.ts')).packagesProbe],
  ['container@1', async () => (await import('./container/probe.ts')).containerProbe],
  ['api@1', async () => (await import('./api/probe.ts')).apiProbe],
  ['exec@1', async () => (await import('./exec/probe.ts')).execProbe],
]);

/** Names of the probes that `findProbe` finds. */
export const RUNNABLE: readonly string[] = [...RUNNERS.keys()];

/** The probe of a name@version; undefined for one that this program does not have. */
export async function findProbe(name: string): Promise<Probe | undefined> {
  return RUNNERS.get(name)?.();
}
