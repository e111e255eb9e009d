/**
 * What live pods may do that the baseline of the Pod Security Standards forbids (kubernetes.io/docs/concepts/security/
 * pod-security-standards, v1.36; k8s.io/pod-security-admission v0.36): host namespaces, privileged containers, added capabilities, hostPath volumes, host ports,
 * profiles switched off, sysctls, HostProcess, probes and hooks that reach another host.
 */
import type { LiveObject } from './object.ts';
import {
  flagAt,
  mapAt,
  mapsAt,
  numberAt,
  partAt,
  textAt,
  textsAt,
  type Tree,
  type TreeMap,
} from '../tree.ts';

/** What a pod's spec has containers in. */
export const CONTAINERS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

const CAPABILITIES: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);
const SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);
const SELINUX_TYPES: ReadonlySet<string> = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);
const ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** What the baseline forbids and a pod has: a path within the pod, and the words of this program for it. */
export interface Beyond {
  readonly inside: string;
  readonly what: string;
}

export function beyondBaseline({ tree }: Pick<LiveObject, 'tree'>): readonly Beyond[] {
  const spec = mapAt(tree, 'spec') ?? new Map<string, Tree>();
  const found: Beyond[] = [...ofPod(spec), ...ofContext(spec, '/spec')];
  for (const list of CONTAINERS)
    for (const each of mapsAt(spec, list)) {
      const inside = `/spec/${list}/name=${textAt(each, 'name') ?? ''}`;
      found.push(...ofContainer(each, inside), ...ofContext(each, inside));
    }
  for (const [name, value] of mapAt(tree, 'metadata', 'annotations') ?? [])
    if (
      name.startsWith(ANNOTATION) &&
      typeof value === 'string' &&
      !/^(?:runtime\/default$|localhost\/|$)/.test(value)
    )
      found.push({ inside: '/metadata/annotations', what: 'AppArmor is switched off' });
  return found;
}

/** Number of containers of a pod, of each kind. */
export function containersOf({ tree }: Pick<LiveObject, 'tree'>): number {
  return CONTAINERS.reduce((sum, list) => sum + mapsAt(tree, 'spec', list).length, 0);
}

function ofPod(spec: TreeMap): readonly Beyond[] {
  const found: Beyond[] = [];
  for (const each of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (flagAt(spec, each) === true) found.push({ inside: `/spec/${each}`, what: 'a namespace of the host' });
  for (const volume of mapsAt(spec, 'volumes'))
    if (partAt(volume, 'hostPath') !== undefined)
      found.push({
        inside: `/spec/volumes/name=${textAt(volume, 'name') ?? ''}/hostPath`,
        what: 'a path of the host',
      });
  for (const sysctl of mapsAt(spec, 'securityContext', 'sysctls'))
    if (!SYSCTLS.has(textAt(sysctl, 'name') ?? ''))
      found.push({ inside: '/spec/securityContext/sysctls', what: 'a sysctl that is not safe' });
  return found;
}

function ofContainer(container: TreeMap, at: string): readonly Beyond[] {
  const found: Beyond[] = [];
  const context = partAt(container, 'securityContext');
  if (flagAt(context, 'privileged') === true)
    found.push({ inside: `${at}/securityContext/privileged`, what: 'privileged' });
  if (textsAt(context, 'capabilities', 'add').some((each) => !CAPABILITIES.has(each.replace(/^CAP_/, ''))))
    found.push({
      inside: `${at}/securityContext/capabilities/add`,
      what: 'a capability beyond the baseline',
    });
  if (!['Default', undefined].includes(textAt(context, 'procMount')))
    found.push({ inside: `${at}/securityContext/procMount`, what: 'an unmasked /proc' });
  if (mapsAt(container, 'ports').some((each) => (numberAt(each, 'hostPort') ?? 0) !== 0))
    found.push({ inside: `${at}/ports`, what: 'a port of the host' });
  for (const calls of CALLS)
    if (['httpGet', 'tcpSocket'].some((how) => (textAt(container, ...calls, how, 'host') ?? '') !== ''))
      found.push({ inside: [at, ...calls].join('/'), what: 'a call of the kubelet to a host of its choice' });
  return found;
}

/** What the kubelet calls of a container. With a host of its own, a call goes from the node to any address. */
const CALLS = [
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
] as const;

/** What a pod's and a container's security context may both say. */
function ofContext(owner: TreeMap, at: string): readonly Beyond[] {
  const context = partAt(owner, 'securityContext');
  const inside = `${at}/securityContext`;
  const found: Beyond[] = [];
  if (flagAt(context, 'windowsOptions', 'hostProcess') === true)
    found.push({ inside: `${inside}/windowsOptions/hostProcess`, what: 'a process of the host' });
  if (textAt(context, 'seccompProfile', 'type') === 'Unconfined')
    found.push({ inside: `${inside}/seccompProfile`, what: 'seccomp is switched off' });
  if (textAt(context, 'appArmorProfile', 'type') === 'Unconfined')
    found.push({ inside: `${inside}/appArmorProfile`, what: 'AppArmor is switched off' });
  const labels = partAt(context, 'seLinuxOptions');
  const isOther = !SELINUX_TYPES.has(textAt(labels, 'type') ?? '');
  if (isOther || (textAt(labels, 'user') ?? '') !== '' || (textAt(labels, 'role') ?? '') !== '')
    found.push({ inside: `${inside}/seLinuxOptions`, what: 'another SELinux label' });
  return found;
}
