/** Every probe there is, by its name: one line each. A probe is loaded when a claim asks for it. */
import type { Probe } from './probe.ts';

const PROBES: ReadonlyMap<string, () => Promise<Probe>> = new Map([
  ['tls@1', async () => (await import('./tls.ts')).tlsProbe],
  ['ssh@1', async () => (await import('./ssh.ts')).sshProbe],
  ['postgres@1', async () => (await import('./postgres.ts')).postgresProbe],
  ['http@1', async () => (await import('./http.ts')).httpProbe],
  ['files@1', async () => (await import('./files.ts')).filesProbe],
  ['terraform@1', async () => (await import('./terraform.ts')).terraformProbe],
  ['iam@1', async () => (await import('./iam.ts')).iamProbe],
  ['exec@1', async () => (await import('./exec.ts')).execProbe],
]);

/** Names, in the order of the help. */
export const PROBE_NAMES: readonly string[] = [...PROBES.keys()];

/** The probe of a name@version; undefined for one that this program does not have. */
export async function findProbe(name: string): Promise<Probe | undefined> {
  return PROBES.get(name)?.();
}
