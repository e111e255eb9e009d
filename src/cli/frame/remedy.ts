/** Refusals and remarks name options that help; this adds the flags that set these options. */
import type { Refusal } from '../../bytes/refusal.ts';
import type { Remedy, RemedyOption } from '../../bytes/remedy.ts';
import { shellWord } from '../../bytes/shellword.ts';

/** Option → its flag; with the verb, if the flag is another verb's. */
export const FLAGS = {
  adopt: 'tallystick prove --adopt',
  agentDir: '--agent-dir',
  allowNondeterministic: '--allow-nondeterministic',
  approvals: '--approvals',
  bundle: '--bundle',
  ca: '--ca',
  certificateIdentity: '--certificate-identity',
  certificateOidcIssuer: '--certificate-oidc-issuer',
  check: 'tallystick mirror --once --check',
  claims: '--claims',
  clockTolerance: '--clock-tolerance',
  confine: 'without --confine, or with what `tallystick agent profile --flags` prints',
  dataDir: '--data-dir',
  dropClaims: '--drop-claims',
  forget: '--forget',
  full: '--full',
  helm: '--helm',
  guardDir: '--guard-dir',
  image: '--image',
  insecureBind: '--insecure-bind',
  leaves: '--leaves',
  list: '--list',
  literal: '--literal',
  log: '--log',
  logOrigin: '--log-origin',
  monitor: '--monitor',
  monitorDir: '--monitor-dir',
  name: '--name',
  notSecret: '--not-secret',
  otherProbe: '--other-probe',
  peer: '--peer',
  pin: '--pin',
  policy: '--policy',
  port: '--port',
  rebuildGuard: '--rebuild-guard',
  recursive: '--recursive',
  repin: '--repin',
  replace: '--replace',
  resume: '--resume',
  sensitive: '--sensitive',
  since: '--since',
  stateDir: '--state-dir',
  subject: '--subject',
  target: '--target',
  tlsCert: '--tls-cert',
  tlsKey: '--tls-key',
  trustProxy: '--trust-proxy',
  trustedRoot: '--trusted-root',
  unsigned: '--unsigned',
  until: '--until',
  use: '--use',
  vkey: '--vkey',
  webhook: '--webhook',
  webhookSecret: '--webhook-secret',
  witnessDir: '--witness-dir',
} as const satisfies Record<RemedyOption, string>;

/** A text followed by flags: `it is held already (--replace)`. */
export function withFlags(text: string, remedy: Remedy | undefined): string {
  const flags = Object.entries<string | number | true>(remedy ?? {}).map(([option, value]) => {
    const flag = flagOf(option);
    if (value === true) return flag;
    return `${flag} ${typeof value === 'number' ? value : shellWord(value)}`;
  });
  return flags.length === 0 ? text : `${text} (${flags.join(', ')})`;
}

function flagOf(option: string): string {
  const [, flag] = Object.entries(FLAGS).find(([name]) => name === option) ?? [];
  if (flag === undefined) throw new Error(`no flag for ${option}`);
  return flag;
}

/** The message of a refusal, followed by its flags. */
export function messageOf({ message, remedy }: Pick<Refusal, 'message' | 'remedy'>): string {
  return withFlags(message, remedy);
}
