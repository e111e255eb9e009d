/** What of the host a container has: paths, disks and devices, by kind. Paths themselves leave no agent. */
import { dirname, normalize } from 'node:path/posix';
import type { MountPoint, Volume } from './answers.ts';

/** Sockets of engines and runtimes: whoever may write to one is root on the host. */
const SOCKETS = [
  '/run/docker.sock',
  '/run/podman/podman.sock',
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/docker/containerd/containerd.sock',
  '/run/buildkit/buildkitd.sock',
];
const SOCKET_NAMES =
  /\/(?:docker|podman|containerd|crio|cri-dockerd|buildkitd|dockershim)[^/]*\.sock(?:\.raw)?$/;

/** Folders of the system: with one of them, or with something in it, a container reads or changes the host. */
const SYSTEM = (
  '/etc /proc /sys /dev /boot /root /usr /bin /sbin /lib /lib32 /lib64 /run/systemd /run/dbus /run/udev /var/spool/cron ' +
  '/var/lib/docker /var/lib/containers /var/lib/containerd /var/lib/kubelet /var/lib/rancher /var/lib/etcd /var/lib/crio ' +
  '/var/lib/k0s /var/snap/docker /var/snap/microk8s /run/docker /run/snap.docker /run/podman /run/containers /run/libpod ' +
  '/run/containerd /run/k3s /run/k0s /run/crio /run/buildkit /run/runc /run/crun /run/netns'
).split(' ');
/** What a user's own engine and service manager have in the user's folders. */
const OF_USERS =
  /^\/run\/user(?:\/\d+(?:\/(?:podman|docker|containers|libpod|systemd|bus)(?:\/.*)?)?)?$|\/\.docker\/run$|\/\.local\/share\/(?:docker|containers)(?:\/|$)/;
/** Folders that hold all homes, or what is mounted, as a whole. */
const WHOLE = ['/home', '/opt', '/srv', '/mnt', '/media'];
/** What programs in containers read of the host, and which holds no secret. */
const READ =
  /^\/(?:etc\/(?:localtime|timezone|hosts|resolv\.conf|os-release|ca-certificates|ssl\/certs|pki\/ca-trust|pki\/tls\/certs)|usr\/share\/(?:zoneinfo|ca-certificates)|usr\/local\/share\/ca-certificates)(?:\/|$)/;

/** Words for a kind of place. */
export type Kind =
  | 'the socket of a container engine'
  | 'the root of the host'
  | 'a folder of the system'
  | 'a disk of the host';

/** What is particular to an engine. */
export interface Here {
  /** The socket that the agent asks. */
  readonly own: string | undefined;
  /** The folder in which the engine keeps what it has; undefined where it does not say. */
  readonly dataRoot: string | undefined;
}

const cleaned = (path: string): string =>
  normalize(path)
    .replace(/(?<=.)\/$/, '')
    .replace(/^\/var\/run(?=\/|$)/, '/run');

/** What a path of the host is; undefined for any other folder. */
export function kindOf(path: string, writable: boolean, { own, dataRoot }: Here): Kind | undefined {
  const clean = cleaned(path);
  if (clean === '/') return 'the root of the host';
  const sockets = own === undefined ? SOCKETS : [...SOCKETS, cleaned(own)];
  const holds = (each: string): boolean => each === clean || each.startsWith(`${clean}/`);
  if (SOCKET_NAMES.test(clean) || sockets.some((each) => holds(each) || dirname(each) === clean))
    return 'the socket of a container engine';
  if (!writable && READ.test(clean)) return undefined;
  const system = dataRoot === undefined ? SYSTEM : [...SYSTEM, cleaned(dataRoot)];
  const isSystem = system.some((each) => holds(each) || clean.startsWith(`${each}/`));
  return isSystem || OF_USERS.test(clean) || WHOLE.includes(clean) ? 'a folder of the system' : undefined;
}

/** What a mount is of; `unclear` says why that is not known. */
export interface Mounted {
  readonly kind?: Kind;
  readonly unclear?: string;
}

/** `volumeOf`: a volume by name; undefined where it could not be read. */
export function mountedOf(
  mount: MountPoint,
  volumeOf: (name: string) => Volume | undefined,
  here: Here,
): Mounted {
  switch (mount.type) {
    case 'bind':
      return ofPath(mount.source, mount.writable, here);
    case 'tmpfs':
    case 'image':
    case 'devpts':
      return {};
    case 'volume': {
      if (mount.driver !== 'local')
        return { unclear: 'a volume of another driver than local, which may stand for any folder' };
      const volume = volumeOf(mount.name);
      if (volume === undefined) return { unclear: 'a volume that could not be read' };
      return ofVolume(volume, mount.writable, here);
    }
    default:
      return { unclear: 'a mount of a kind that is not known here' };
  }
}

function ofPath(path: string, writable: boolean, here: Here): Mounted {
  if (!path.startsWith('/')) return { unclear: 'a mount of something that is no path of Linux' };
  const kind = kindOf(path, writable, here);
  if (kind !== undefined) return { kind };
  if (here.dataRoot?.startsWith('/') !== true)
    return { unclear: 'a mount of a folder, and the engine does not tell in which folder it keeps its own' };
  return {};
}

/** A volume of the driver local mounts what its options say: a folder of the host, a disk, a share of a network. */
function ofVolume({ driver, type, options, device }: Volume, writable: boolean, here: Here): Mounted {
  if (driver !== 'local')
    return { unclear: 'a volume of another driver than local, which may stand for any folder' };
  if (type === '' && options === '' && device === '') return {};
  // mount(2) takes no notice of the type where it binds, so these options come first.
  const isBind = options.split(',').some((each) => each === 'bind' || each === 'rbind');
  if (isBind || ((type === '' || type === 'none') && device !== '')) return ofPath(device, writable, here);
  if (/^(?:nfs4?|cifs|smb3?|tmpfs)$/.test(type)) return {};
  if (device.startsWith('/dev/')) return { kind: 'a disk of the host' };
  return { unclear: 'a volume with options that are not known here' };
}

const DEVICES: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/^\/dev\/(?:sd|hd|vd|xvd|nvme|dm-|md|loop|mapper\/|disk\/|zd|ram)/, 'a disk'],
  [/^\/dev\/(?:mem|kmem|port|kmsg)$/, 'the memory of the host'],
  [/^\/dev\/(?:dri|nvidia|kfd)/, 'a graphics card'],
  [/^\/dev\/kvm$/, '/dev/kvm'],
  [/^\/dev\/fuse$/, '/dev/fuse'],
  [/^\/dev\/net\/tun$/, '/dev/net/tun'],
];

/** Words for a device by its path on the host. */
export function deviceKind(path: string): string {
  const clean = normalize(path);
  return DEVICES.find(([pattern]) => pattern.test(clean))?.[1] ?? 'a device';
}
