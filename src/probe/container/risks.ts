/**
 * What a running container may do that a plain one may not, by its own configuration as the engine tells it. A doubt says why
 * something is not known: it is never taken for "no".
 */
import { digestIn } from '../cri/images.ts';
import type { Container, HostConfig, Info, Volume } from './answers.ts';
import { isLaidOpen } from './masked.ts';
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
  /** A running container that was looked at, by its id: what joins it has its namespace. */
  readonly containerOf: (id: string) => Container | undefined;
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
  ofRuntime(container.host, around, doubt);
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

/**
 * What sets containers up as their configuration says. Podman says `oci` of every runtime. Any other one, such as `nvidia`, adds
 * devices, capabilities and mounts by itself, or leaves filters out.
 */
function ofRuntime({ runtime }: HostConfig, { engine }: Around, doubt: Say): void {
  if (runtime !== undefined && /^(?:runc|crun|io\.containerd\.runc\.v[12])$/.test(runtime)) return;
  if (runtime === 'oci' && engine === 'podman') return;
  const why =
    runtime === undefined || runtime === ''
      ? UNTOLD
      : 'a runtime that is not known here, which may set a container up in its own way';
  for (const risk of RISKS) if (risk !== 'restarting') doubt(risk, why);
}

function ofMounts({ mounts, image }: Container, around: Around, say: Say, doubt: Say): void {
  const { volumeOf, own, info } = around;
  // `podman run --rootfs /`
  if (digestIn(image) === undefined)
    doubt('mounts', 'a container of no image, whose root may be any folder of the host');
  // `podman run -v /:/x:O` (seen of 4.3.1).
  if (around.engine !== 'docker')
    doubt('mounts', 'Podman does not tell folders over which it lays an overlay (-v FOLDER:/x:O)');
  if (mounts === undefined) return doubt('mounts', UNTOLD);
  for (const each of mounts) {
    const { kind, unclear } = mountedOf(each, volumeOf, { own, dataRoot: info.dataRoot });
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

type Namespace = keyof typeof OWN;

/** The mode of a container's own namespace. */
function modeOf(container: Container, risk: Namespace, info: Info): string | undefined {
  const { network, pid, ipc, uts, userns } = container.host;
  const isHostNetwork =
    container.networks.includes('host') || (container.sandboxKey?.endsWith('/netns/default') ?? false);
  const modes: Readonly<Record<Namespace, string | undefined>> = {
    hostNetwork: isHostNetwork ? 'host' : network,
    hostPid: pid,
    hostIpc: ipc,
    hostUts: uts,
    // Where the engine maps no users, all containers have those of the host, and "host" takes nothing back.
    hostUser: userns === 'host' && !has(info, 'userns') ? '' : userns,
  };
  return modes[risk];
}

/** In place of a mode: what is joined is not known. No engine has this text for a mode. */
const JOINS = '\0joins';

/** The mode of the namespace that a container has, which is that of the one it joins, whomever the claim is about. */
function joinedMode(container: Container, risk: Namespace, around: Around): string | undefined {
  let at = container;
  const seen = new Set<string>();
  for (;;) {
    const mode = modeOf(at, risk, around.info);
    const [, id] = /^container:([0-9a-f]{64})$/.exec(mode ?? '') ?? [];
    if (id === undefined) return mode;
    const next = seen.has(id) ? undefined : around.containerOf(id);
    if (next === undefined) return JOINS;
    seen.add(id);
    at = next;
  }
}

function ofNamespaces(container: Container, around: Around, say: Say, doubt: Say): void {
  for (const risk of ['hostNetwork', 'hostPid', 'hostIpc', 'hostUts', 'hostUser'] as const) {
    const mode = joinedMode(container, risk, around);
    if (mode === 'host') say(risk, 'of the host');
    // With a path it may be that of the host: /proc/1/ns/net.
    else if (mode?.startsWith('ns:') === true) say(risk, 'a namespace by its path');
    else if (mode === JOINS) doubt(risk, 'a container joins one that was not looked at');
    else if (mode === undefined) doubt(risk, UNTOLD);
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
  const isOpen = host.privileged ? true : isLaidOpen(host);
  if (isOpen === true) say('unmasked', 'paths of /proc and /sys are laid open');
  else if (isOpen === undefined)
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
  const kept = keptFromMore(host);
  if (kept === 'untold') doubt('escalating', UNTOLD);
  else if (kept === 'unsaid' && has(info, 'no-new-privileges'))
    doubt('escalating', "the engine's default may be younger than the container, for which nothing is said");
  else if (kept !== 'kept') say('escalating', 'may gain privileges');
  if (container.restarting) say('restarting', 'ends and is started again');
}

export function userOf({ user }: Container): 'root' | 'number' | 'name' | undefined {
  if (user === undefined) return undefined;
  const [name = ''] = user.split(':', 1);
  if (name === '' || name === 'root' || /^0+$/.test(name)) return 'root';
  return /^\d{1,10}$/.test(name) ? 'number' : 'name';
}

const TRUE = ['', '1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/**
 * What a container says of no-new-privileges, in the words that Go's strconv.ParseBool takes. What it says goes before the default of
 * the engine, which is that of the day when the container was made. `untold`: its options are not told, or not in these words.
 */
export function keptFromMore({ options }: HostConfig): 'kept' | 'not' | 'unsaid' | 'untold' {
  if (options === undefined) return 'untold';
  const said = options.map(optionOf).findLast(([name]) => name === 'no-new-privileges')?.[1];
  if (said === undefined) return 'unsaid';
  return TRUE.includes(said) ? 'kept' : FALSE.includes(said) ? 'not' : 'untold';
}
