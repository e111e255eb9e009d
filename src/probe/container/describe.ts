/** The description of the probe `container@1`. */
import { shellWord } from '../../bytes/shellword.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import type { Parameter } from '../../statement/commitment.ts';
import type { ProbeDescription } from '../description.ts';
import { isUrl } from '../../evidence/address.ts';
import type { Grant } from '../grant.ts';
import { urlOrAddress } from '../target-form.ts';
import { CONTAINER_PACKS } from './pack.ts';
import { nginxServer } from './proxy.ts';

const FINDINGS: Shape = { list: { members: scalars('container', 'what') } };

const words = (text: string): readonly string[] => text.split(' ');

/** The lists of powers. */
const LISTS = words(
  'privileged capabilities devices mounts hostNetwork hostPid hostIpc hostUts hostUser noSeccomp unconfined unmasked writable asRoot ' +
    'escalating restarting',
);

const ALWAYS: Readonly<Record<string, Shape>> = {
  engine: {
    members: scalars(
      ...words('name version api id rootless userns apparmor selinux seccomp noNewPrivileges'),
    ),
  },
  containers: {
    members: scalars(
      ...words(
        'running looked gone unread stopped paused restarting compared same differing undeclared unpinned unresolved beside',
      ),
    ),
  },
  ...Object.fromEntries(LISTS.map((name): [string, Shape] => [name, FINDINGS])),
  looked: { list: 'scalar' },
};

const NAMED: Readonly<Record<string, Shape>> = {
  named: {
    map: {
      members: scalars(
        ...words(
          'state since restarts restartPolicy image manifest privileged network pid ipc user readOnly noNewPrivileges mounts devices',
        ),
      ),
    },
  },
  absent: { list: 'scalar' },
};

const COMPARED: Readonly<Record<string, Shape>> = {
  differing: { list: { members: scalars('container', 'since') } },
  undeclared: { list: { members: scalars('mark', 'since') } },
  missing: { list: 'scalar' },
};

/** What is compared only where the claim says so, and single containers only where it names them. */
function containerShape(params: ReadonlyMap<string, Parameter>): Shape {
  return {
    members: {
      ...ALWAYS,
      ...(params.has('names') && NAMED),
      ...(params.get('images') === true && COMPARED),
    },
  };
}

/** A proxy with https needs a certificate besides. */
const listenOf = ({ protocol, host }: URL): string =>
  protocol === 'https:' ? `${host} ssl` : host.includes(':') ? host : `${host}:80`;

export const ENGINE_GRANT: Grant = {
  lets: 'ask the engine; who reads this socket is root on this host, unless a proxy before it lets the five paths through alone',
  by: 'shell',
  statement: ({ who, target }) =>
    isUrl(target) && URL.canParse(target)
      ? `cat > /etc/nginx/conf.d/tallystick-engine.conf <<'END'\n${nginxServer(listenOf(new URL(target)), '/run/docker.sock')}END`
      : `setfacl -m ${shellWord(`u:${who}:rw`)} ${shellWord(target)}`,
};

const ENGINE_URL = urlOrAddress('http://HOST:PORT', ['http:', 'https:']);
const isBare = ({ pathname, search }: URL): boolean => pathname === '/' && search === '';

export const CONTAINER: ProbeDescription = {
  name: 'container@1',
  summary:
    'what a container engine (Docker, Podman) runs: with which powers over its host, and with which images',
  target: {
    is: 'the absolute path of a socket, such as /run/docker.sock, or http://HOST:PORT or https://HOST:PORT of a proxy before one',
    fits: (target) =>
      target.startsWith('/')
        ? !target.includes('\0')
        : isUrl(target) && ENGINE_URL.fits(target) && isBare(new URL(target)),
  },
  parameters: {
    names: { type: 'texts', help: 'containers that the claim is about, by name; by default all that run' },
    images: {
      type: 'boolean',
      help: 'compare containers and their images with the commitment',
      fallback: false,
    },
    project: {
      type: 'text',
      help: 'the compose project, where the committed file has no name of its own',
    },
    closed: {
      type: 'text',
      help: 'where nothing else may run: engine, or project (containers named after it)',
      fallback: 'engine',
    },
    beside: { type: 'texts', help: 'containers that may run though nobody declared them, by name' },
    except: { type: 'texts', help: 'containers that the lists of powers leave out, by name' },
    capabilities: { type: 'texts', help: 'capabilities that a container may add, such as NET_ADMIN' },
    platforms: {
      type: 'texts',
      help: 'digests of an image for each platform, after the declared digest that stands for them: `sha256:… sha256:…`',
    },
    engine: { type: 'text', help: 'ID that `docker info` shows of the only engine that is meant' },
    spki: {
      type: 'text',
      help: 'https: hex SHA-256 of the only public key to talk to, instead of a certificate',
      by: 'owner',
    },
  },
  secrets: {
    ca: { help: 'PEM certificates of the authorities to verify a proxy with', isSent: false },
    salt: { help: 'the salt secret of `commit`, for the marks of containers', isSent: false },
  },
  observes: containerShape,
  evidence:
    "E1: it is the engine's word, which this agent read itself. Whoever is root on its host, or owns the proxy before it, can change that.",
  blastRadius:
    'GET of five paths and no others: /info, /containers/json, /containers/ID/json, /volumes/NAME, /images/ID/json; writes nothing. ' +
    'The socket itself lets its reader do anything: who reads this socket is root on this host',
  timeoutMs: 120_000,
  grants: [ENGINE_GRANT],
  needs: ['fs-read'],
  packs: CONTAINER_PACKS,
};
