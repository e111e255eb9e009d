/**
 * What a running container may do that a plain one may not, by its own configuration as the engine tells it. A doubt says why
 * something is not known: it is never taken for "no".
 */
import type { Container, HostConfig, Info, Volume } from './answers.ts';
import { deviceKind, mountedOf } from './places.ts';

/** The lists of the value that findings go to. */
export const RISKS = [
  'privileged',
  'capabilities',
  'devices',
  'mounts',
  'hostNetwork',
  'hostPid',
  'hostIpc',
  'hostUts',
  'hostUser',
  'noSeccomp',
  'unconfined',
  'unmasked',
  'writable',
  'asRoot',
  'escalating',
  'restarting',
] as const;
export type Risk = (typeof RISKS)[number];

/** `what`: in words of this program. */
export interface Finding {
  readonly risk: Risk;
  readonly what: string;
}

export interface Doubt {
  readonly risk: Risk;
  readonly why: string;
}

export interface Judged {
  readonly findings: readonly Finding[];
  readonly doubts: readonly Doubt[];
}

/** What containers are judged beside. */
export interface Around {
  readonly engine: 'docker' | 'podman' | undefined;
  readonly info: Info;
  /** Ids of the running containers that were looked at: what joins one of them has no more than that one. */
  readonly looked: ReadonlySet<string>;
  readonly volumeOf: (name: string) => Volume | undefined;
  /** Capabilities that the claim lets containers add. */
  readonly allowed: ReadonlySet<string>;
  /** The socket that is asked. */
  readonly own: string | undefined;
}

export function judged(container: Container, around: Around): Judged {
  const found: Finding[] = [];
  const doubts: Doubt[] = [];
  const say: Say = (risk, what) => void found.push({ risk, what });
  const doubt: Say = (risk, why) => void doubts.push({ risk, why });
  if (container.host.privileged) say('privileged', 'privileged');
  ofCapabilities(container.host, around.allowed, say, doubt);
  ofDevices(container.host, say, doubt);
  ofMounts(container, around, say, doubt);
  ofNamespaces(container, around, say, doubt);
  ofConfinement(container, around, say, doubt);
  ofProcess(container, around.info, say, doubt);
  return { findings: found, doubts };
}

type Say = (risk: Risk, words: string) => void;

/** Docker's default (moby, oci/caps/defaults.go). Podman's is a part of it, unless containers.conf says otherwise. */
const DEFAULT: ReadonlySet<string> = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

/** Without `CAP_`, in capitals. */
export const capabilityOf = (text: string): string => text.toUpperCase().replace(/^CAP_/, '');

function ofCapabilities({ added }: HostConfig, allowed: ReadonlySet<string>, say: Say, doubt: Say): void {
  if (added === undefined) return doubt('capabilities', UNTOLD);
  for (const each of new Set(added.map(capabilityOf)))
    if (!DEFAULT.has(each) && !allowed.has(each))
      say(
        'capabilities',
        /^[A-Z_]{3,24}$/.test(each) && KNOWN.has(each) ? `adds ${each}` : 'adds a capability',
      );
}

/** linux/capability.h, and the word for all of them. */
const KNOWN: ReadonlySet<string> = new Set(
  (
    'ALL DAC_READ_SEARCH LINUX_IMMUTABLE NET_BROADCAST NET_ADMIN IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_PTRACE SYS_PACCT ' +
    'SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG LEASE AUDIT_CONTROL MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM ' +
    'BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
  ).split(' '),
);

const UNTOLD = 'the engine, or something on the way, does not tell it';

function ofDevices({ devices, requests, rules }: HostConfig, say: Say, doubt: Say): void {
  if (devices === undefined || requests === undefined || rules === undefined) doubt('devices', UNTOLD);
  for (const kind of new Set(devices?.map(deviceKind))) say('devices', kind);
  if (requests !== undefined && requests > 0) say('devices', 'devices of a driver');
  if (rules !== undefined && rules > 0) say('devices', 'a rule for devices');
}

function ofMounts({ mounts }: Container, { volumeOf, own }: Around, say: Say, doubt: Say): void {
  if (mounts === undefined) return doubt('mounts', UNTOLD);
  for (const each of mounts) {
    const { kind, unclear } = mountedOf(each, volumeOf, own);
    if (kind !== undefined) say('mounts', each.writable ? `${kind}, writable` : kind);
    if (unclear !== undefined) doubt('mounts', unclear);
  }
}

/** Modes of each namespace that are of the container's own. A network that is named is one, too. */
const OWN: Readonly<Record<'hostNetwork' | 'hostPid' | 'hostIpc' | 'hostUts' | 'hostUser', RegExp>> = {
  hostNetwork: /^(?:default|bridge|none|(?:slirp4netns|pasta)(?::.*)?|[A-Za-z0-9][A-Za-z0-9_.-]{0,254})$/,
  hostPid: /^(?:|private)$/,
  hostIpc: /^(?:|private|shareable|none)$/,
  hostUts: /^(?:|private)$/,
  hostUser: /^(?:|private|keep-id|auto|nomap)$/,
};

function ofNamespaces(container: Container, around: Around, say: Say, doubt: Say): void {
  const { network, pid, ipc, uts, userns } = container.host;
  const isHostNetwork =
    container.networks.includes('host') || (container.sandboxKey?.endsWith('/netns/default') ?? false);
  const modes = {
    hostNetwork: isHostNetwork ? 'host' : network,
    hostPid: pid,
    hostIpc: ipc,
    hostUts: uts,
    // "host" says something only where the engine maps users elsewhere.
    hostUser: userns === 'host' && !has(around.info, 'userns') ? '' : userns,
  } as const;
  for (const risk of ['hostNetwork', 'hostPid', 'hostIpc', 'hostUts', 'hostUser'] as const) {
    const mode = modes[risk];
    const [, joined] = /^container:([0-9a-f]{64})$/.exec(mode ?? '') ?? [];
    if (mode === 'host') say(risk, 'of the host');
    // With a path it may be that of the host: /proc/1/ns/net.
    else if (mode?.startsWith('ns:') === true) say(risk, 'a namespace by its path');
    else if (joined !== undefined) {
      if (!around.looked.has(joined)) doubt(risk, 'a container joins one that was not looked at');
    } else if (mode === undefined) doubt(risk, UNTOLD);
    else if (risk === 'hostIpc' && mode === 'shareable' && around.engine !== 'docker')
      doubt(risk, 'Podman says "shareable" of every IPC, that of the host, too');
    else if (!OWN[risk].test(mode)) doubt(risk, 'a namespace of a kind that is not known here');
  }
}

/** Whether the engine says that it has something: `name=userns`. */
export function has({ security }: Info, name: string): boolean {
  return security.some((each) => each.split(',')[0] === `name=${name}`);
}

/** What the engine does about seccomp where a container says nothing. */
export function seccompOf({ security }: Info): 'default' | 'off' | 'own' {
  const said = security.find((each) => each.split(',')[0] === 'name=seccomp');
  if (said === undefined) return 'off';
  const profile = /(?:^|,)profile=([^,]*)/.exec(said)?.[1] ?? 'default';
  if (profile === 'unconfined') return 'off';
  return profile === 'builtin' || profile === 'default' ? 'default' : 'own';
}

function ofConfinement({ host, apparmor }: Container, around: Around, say: Say, doubt: Say): void {
  const { info } = around;
  const options = host.options?.map(optionOf);
  if (options === undefined) for (const risk of ['noSeccomp', 'unconfined'] as const) doubt(risk, UNTOLD);
  const seccomp = options?.findLast(([name]) => name === 'seccomp')?.[1];
  const isOff =
    host.privileged || seccomp === 'unconfined' || (seccomp === undefined && seccompOf(info) === 'off');
  if (isOff) say('noSeccomp', 'no filter of system calls');
  else if (seccomp !== undefined ? seccomp !== 'builtin' : seccompOf(info) === 'own')
    doubt('noSeccomp', 'a profile of its own, which may let everything through');
  ofMandatory(options ?? [], apparmor, info, say, doubt);
  if (host.masked === 0 || host.readonlyPaths === 0) say('unmasked', 'paths of /proc and /sys are laid open');
  else if (host.privileged) say('unmasked', 'paths of /proc and /sys are laid open');
  else if (host.masked === undefined || host.readonlyPaths === undefined)
    doubt('unmasked', around.engine === 'docker' ? UNTOLD : 'Podman does not tell which paths are masked');
}

type Option = readonly [name: string, value: string];

/** `label=disable`, and as old clients write it: `label:disable`. */
function optionOf(text: string): Option {
  const [, name = text, value = ''] = /^([a-z-]+)[=:]([^]*)$/.exec(text) ?? [];
  return [name, value];
}

const LABELS = /^(?:level:.*|type:(?:container_t|container_init_t|container_kvm_t))$/;

function ofMandatory(
  options: readonly Option[],
  apparmor: string | undefined,
  info: Info,
  say: Say,
  doubt: Say,
): void {
  for (const [name, value] of options) {
    if (name === 'apparmor' && value === 'unconfined') say('unconfined', 'AppArmor is switched off');
    else if (name === 'label' && value === 'disable') say('unconfined', 'SELinux is switched off');
    else if (name === 'label' && !LABELS.test(value)) doubt('unconfined', 'an SELinux label of its own');
    else if (!['apparmor', 'label', 'seccomp', 'no-new-privileges', 'mask', 'proc-opts'].includes(name))
      doubt('unconfined', 'a security option that is not known here');
  }
  if (!has(info, 'apparmor') || options.some((each) => each[0] === 'apparmor' && each[1] === 'unconfined'))
    return;
  if (apparmor === 'unconfined') say('unconfined', 'AppArmor is switched off');
  else if (!/^(?:docker-default|containers-default-[0-9.]+)$/.test(apparmor ?? ''))
    doubt('unconfined', 'an AppArmor profile of its own, or none that is told');
}

function ofProcess(container: Container, info: Info, say: Say, doubt: Say): void {
  const { host } = container;
  if (host.readOnly === undefined) doubt('writable', UNTOLD);
  else if (!host.readOnly) say('writable', 'its root can be written to');
  const user = userOf(container);
  if (user === 'root') say('asRoot', 'its first process is root');
  else if (user !== 'number')
    doubt('asRoot', user === 'name' ? 'a user by name, whose number the engine does not tell' : UNTOLD);
  const isKept = isKeptFromMore(host);
  if (isKept === undefined) doubt('escalating', UNTOLD);
  else if (!isKept && !has(info, 'no-new-privileges')) say('escalating', 'may gain privileges');
  if (container.restarting) say('restarting', 'ends and is started again');
}

export function userOf({ user }: Container): 'root' | 'number' | 'name' | undefined {
  if (user === undefined) return undefined;
  const [name = ''] = user.split(':', 1);
  if (name === '' || name === 'root' || /^0+$/.test(name)) return 'root';
  return /^\d{1,10}$/.test(name) ? 'number' : 'name';
}

/** Whether a container says no-new-privileges; undefined where its options are not told. */
export function isKeptFromMore({ options }: HostConfig): boolean | undefined {
  const said = options?.map(optionOf).findLast(([name]) => name === 'no-new-privileges');
  return options === undefined ? undefined : said !== undefined && said[1] !== 'false';
}
