/**
 * The systemd unit of an agent: a user of its own, as few permissions on the system as possible, and Node's permission
 * model (`--confine`), which restricts single files and whether programs may be started.
 */
import { printable } from '../../bytes/printable.ts';

/** Absolute paths. `key` is one, or another value of --key. */
export interface UnitParts {
  readonly node: string;
  /** `bin.cjs` of this program. */
  readonly program: string;
  /** The agent directory, the state directory and the folder of proofs. */
  readonly dir: string;
  readonly state: string;
  readonly proofs: string;
  readonly key: string;
  /** The configuration file that it reads, other than tallystick.yaml in the agent directory. */
  readonly config?: string | undefined;
  /** Further flags, each with its value. */
  readonly settings?: readonly (readonly [flag: string, value: string])[];
}

/** The text of `tallystick-agent.service`. */
// oxlint-disable-next-line max-lines-per-function -- one text, a line of it a line
export function unitOf(parts: UnitParts): string {
  const { node, program, dir, state, proofs, key, config, settings = [] } = parts;
  const command = [
    ...[node, program].map(word),
    ...(config === undefined ? [] : [`--config ${word(config)}`]),
    'agent run --confine',
    `--agent-dir ${word(dir)} --state-dir ${word(state)} --proofs-dir ${word(proofs)}`,
    `--key ${word(key)}`,
    ...settings.map(([flag, value]) => `${flag} ${word(value)}`),
  ];
  const file = config === undefined ? 'tallystick.yaml in the agent directory' : printable(config, 4_096);
  const besides = settings.length === 0 ? '' : ', but for what ExecStart says';
  return `# The log, whom to trust and the agent's name are read from ${file}${besides}.
[Unit]
Description=Tallystick agent
Wants=network-online.target time-sync.target
After=network-online.target time-sync.target

[Service]
Type=exec
# A user of its own, who owns its key and the directories below, which are there, and may read what is to be proven.
User=tallystick-agent
Group=tallystick-agent
UMask=0077
Environment=NODE_ENV=production
ExecStart=${command.join(' ')}
ReadWritePaths=${quoted(dir)} ${quoted(state)}
# 78 and 3 are refusals: trying again changes nothing.
Restart=on-failure
RestartPreventExitStatus=78 3
RestartSec=10
TimeoutStopSec=60
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a command line, where `$` begins a variable; in a list of paths it is itself. */
function word(text: string): string {
  return quoted(text.replaceAll('$', '$$$$'));
}

/** A word of a unit file (systemd.syntax(7)), where `%` begins a specifier. */
function quoted(text: string): string {
  const safe = text.replaceAll('%', '%%');
  return /^[A-Za-z0-9_./:=@,+%$-]+$/.test(safe)
    ? safe
    : `"${safe.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
