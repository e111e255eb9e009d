/** Every probe there is, by its name: one line each. A probe is loaded when a claim asks for it. */
import type { Probe } from './probe.ts';

const PROBES: ReadonlyMap<string, () => Promise<Probe>> = new Map([
  ['tls@1', async () => (await import('./tls/probe.ts')).tlsProbe],
  ['ssh@1', async () => (await import('./ssh/probe.ts')).sshProbe],
  ['postgres@1', async () => (await import('./postgres/probe.ts')).postgresProbe],
  ['http@1', async () => (await import('./http/probe.ts')).httpProbe],
  ['files@1', async () => (await import('./files/probe.ts')).filesProbe],
  ['terraform@1', async () => (await import('./terraform/probe.ts')).terraformProbe],
  ['iam@1', async () => (await import('./iam/probe.ts')).iamProbe],
  ['exec@1', async () => (await import('./exec/probe.ts')).execProbe],
]);

/** Names, in the order of the help. */
export const PROBE_NAMES: readonly string[] = [...PROBES.keys()];

/** The probe of a name@version; undefined for one that this program does not have. */
export async function findProbe(name: string): Promise<Probe | undefined> {
  return PROBES.get(name)?.();
}
