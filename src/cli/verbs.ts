/**
 * Every verb, in the order and under the headings of the help. To add one, write its file and a line here. A verb's
 * file is loaded when the verb is called, so that `verify` does not wait for the server's modules.
 */
import type { AnyVerb, VerbGroups } from './frame/verb.ts';

type Load = () => Promise<AnyVerb>;

const VERBS: readonly (readonly [heading: string, verbs: Readonly<Record<string, Load>>])[] = [
  [
    'Run a log',
    {
      serve: async () => (await import('./verbs/serve.ts')).serveVerb,
      init: async () => (await import('./verbs/init.ts')).initVerb,
      keygen: async () => (await import('./verbs/keygen.ts')).keygenVerb,
      policy: async () => (await import('./verbs/policy.ts')).policyVerb,
      fsck: async () => (await import('./verbs/fsck.ts')).fsckVerb,
      backup: async () => (await import('./verbs/backup.ts')).backupVerb,
      restore: async () => (await import('./verbs/restore.ts')).restoreVerb,
    },
  ],
  [
    'Use a log',
    {
      commit: async () => (await import('./verbs/commit.ts')).commitVerb,
      approve: async () => (await import('./verbs/approve.ts')).approveVerb,
      withdraw: async () => (await import('./verbs/withdraw.ts')).withdrawVerb,
      disclose: async () => (await import('./verbs/disclose.ts')).discloseVerb,
      verify: async () => (await import('./verbs/verify.ts')).verifyVerb,
      trust: async () => (await import('./verbs/trust.ts')).trustVerb,
      get: async () => (await import('./verbs/get.ts')).getVerb,
      submit: async () => (await import('./verbs/submit.ts')).submitVerb,
    },
  ],
  [
    'Query verdicts',
    {
      status: async () => (await import('./verbs/status.ts')).statusVerb,
      why: async () => (await import('./verbs/why.ts')).whyVerb,
      audit: async () => (await import('./verbs/audit.ts')).auditVerb,
      history: async () => (await import('./verbs/history.ts')).historyVerb,
      watch: async () => (await import('./verbs/watch.ts')).watchVerb,
      wait: async () => (await import('./verbs/wait.ts')).waitVerb,
      gate: async () => (await import('./verbs/gate.ts')).gateVerb,
      waive: async () => (await import('./verbs/waive.ts')).waiveVerb,
      registry: async () => (await import('./verbs/registry.ts')).registryVerb,
    },
  ],
  [
    'Prove claims',
    {
      prove: async () => (await import('./verbs/prove.ts')).proveVerb,
      agent: async () => (await import('./verbs/agent.ts')).agentVerb,
      deploy: async () => (await import('./verbs/deploy.ts')).deployVerb,
    },
  ],
  [
    'Watch logs',
    {
      witness: async () => (await import('./verbs/witness.ts')).witnessVerb,
      'verify-incident': async () => (await import('./verbs/verify-incident.ts')).verifyIncidentVerb,
      monitor: async () => (await import('./verbs/monitor.ts')).monitorVerb,
      incidents: async () => (await import('./verbs/incidents.ts')).incidentsVerb,
      mirror: async () => (await import('./verbs/mirror.ts')).mirrorVerb,
    },
  ],
  [
    'Tools',
    {
      demo: async () => (await import('./verbs/demo.ts')).demoVerb,
      config: async () => (await import('./verbs/config.ts')).configVerb,
      completion: async () => (await import('./verbs/completion.ts')).completionVerb(loadVerbs),
      version: async () => (await import('./verbs/version.ts')).versionVerb,
    },
  ],
];

/** The verbs that a command line names. If it names none, all of them, for the help and for suggestions. */
export async function loadVerbs(argv: readonly string[] = []): Promise<VerbGroups> {
  const known = VERBS.flatMap(([, verbs]) => Object.keys(verbs));
  const named = known.filter((name) => argv.includes(name));
  const wanted = named.length === 0 ? known : named;
  const groups = VERBS.map(async ([heading, verbs]): Promise<readonly [string, readonly AnyVerb[]]> => {
    const loads = Object.entries(verbs).filter(([name]) => wanted.includes(name));
    return [heading, await Promise.all(loads.map(([, load]) => load()))];
  });
  return (await Promise.all(groups)).filter(([, verbs]) => verbs.length > 0);
}
