/** `tallystick agent profile`: what the agent may do. */
import type { Verb, VerbOption } from '../../frame/verb.ts';
import { AGENT, SETTINGS } from './settings.ts';

const PROFILE_OPTIONS = [
  { flags: '--flags', help: "the flags of Node's permission model that this agent needs, one a line" },
  {
    flags: '--unit',
    help: 'a systemd unit that runs this agent with these settings, hardened and confined',
  },
  { flags: '--confine', help: 'the profile of an agent that agent run --confine starts' },
  { flags: '--claims', help: 'a claims file for the commitment to this profile' },
  { flags: '--net', help: 'what net@1 sends, and where, for the people who watch the network' },
  {
    flags: '--grants',
    help: 'the grants that the probes of targets.yaml need, as statements for the owners of the targets: SQL, shell, kubectl, IAM',
  },
  {
    flags: '--probe <name>',
    help: 'with --grants: of this probe, enrolled or not; repeat for several',
    many: true,
  },
  { flags: '--role <name>', help: 'with --grants: the role of the database (default: tally)' },
  {
    flags: '--kubernetes <path>',
    help: 'the Roles that kubernetes@1 needs for these manifests, reading alone; files and folders, repeat for several',
    many: true,
  },
  {
    flags: '--pods',
    help: 'with --kubernetes: also pods and what makes them, for claims about pods and images',
  },
  { flags: '--rights', help: "with --kubernetes: also roles, and reviews of other users' rights" },
  {
    flags: '--namespace <name>',
    help: 'with --kubernetes: where manifests are that name none (default: default)',
  },
  {
    flags: '--account <namespace/name>',
    help: 'with --kubernetes and --grants: the service account of the agent (default: tallystick/agent)',
  },
] as const satisfies readonly VerbOption[];

export const profileVerb: Verb<typeof PROFILE_OPTIONS> = {
  name: 'profile',
  summary: "print the agent's own permission profile, and how to confine it",
  details:
    'Every proof contains the SHA-256 of this JSON (agent.profileDigest). Commit to it, and readers see when an agent ' +
    'has other permissions.',
  ...AGENT,
  options: PROFILE_OPTIONS,
  json: true,
  examples: [
    'tallystick agent profile --confine > profile.json',
    'tallystick agent profile --confine --claims > profile-claims.yaml',
    'tallystick agent profile --unit --log https://log.example.com > tallystick-agent.service',
    'tallystick agent profile --net',
    'tallystick agent profile --grants --probe postgres@1 --role tally',
    'tallystick agent profile --kubernetes manifests/ | kubectl apply -f -',
  ],
  run: async (context, _operands, flags) => {
    const manifests = flags.texts('kubernetes');
    const account = flags.text('account') ?? 'tallystick/agent';
    if (flags.on('grants')) {
      const { runGrants } = await import('./grants.ts');
      return runGrants(context, {
        probes: flags.texts('probe'),
        role: flags.text('role') ?? 'tally',
        account,
      });
    }
    if (manifests.length > 0) {
      const { runRole } = await import('./role.ts');
      return runRole(context, {
        manifests,
        account,
        namespace: flags.text('namespace'),
        pods: flags.on('pods'),
        rights: flags.on('rights'),
      });
    }
    const { runProfile } = await import('./profile.ts');
    return runProfile(context, {
      flags: flags.on('flags'),
      claims: flags.on('claims'),
      unit: flags.on('unit'),
      confine: flags.on('confine'),
      net: flags.on('net'),
      settings: SETTINGS,
    });
  },
};
