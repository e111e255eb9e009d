/** Ready claims of `container@1`. */
import type { Pack } from '../pack.ts';

const ACCESS = [
  { framework: 'SOC2-2017', id: 'CC6.3' },
  { framework: 'HIPAA-164.312', id: '(a)(1)' },
];
const CHANGE = [{ framework: 'SOC2-2017', id: 'CC8.1' }];

const none = (...lists: readonly string[]): string =>
  lists.map((each) => `size(o.container.${each}) == 0`).join(' && ');

export const CONTAINER_PACKS: Readonly<Record<string, Pack>> = {
  'no-privileged-container': {
    summary:
      'no running container has the powers of its host: privileged, its namespaces, devices, folders, engine',
    needs: [],
    claims: [
      {
        id: 'no-privileged-container',
        title: 'Containers run, and none is privileged or adds a capability beyond the default',
        expr: none('privileged', 'capabilities'),
        severity: 'critical',
        controls: ACCESS,
      },
      {
        id: 'no-host-mount',
        title: "No container has the engine's socket, the root, a disk or a folder of the system of its host",
        expr: none('mounts'),
        severity: 'critical',
        controls: ACCESS,
      },
      {
        id: 'no-host-namespace',
        title:
          "No container has its host's network, processes or host name, or opts out of a mapping of users that the engine makes",
        expr: none('hostNetwork', 'hostPid', 'hostUts', 'hostUser'),
        severity: 'high',
        controls: ACCESS,
      },
      {
        id: 'no-host-ipc',
        title: 'No container has the IPC of its host',
        expr: none('hostIpc'),
        severity: 'high',
        controls: ACCESS,
      },
      {
        id: 'no-host-device',
        title: 'No container has a device of its host',
        expr: none('devices'),
        severity: 'high',
        controls: ACCESS,
      },
      {
        id: 'container-confined',
        title: 'Every container has a filter of system calls, and switches neither AppArmor nor SELinux off',
        expr: none('noSeccomp', 'unconfined'),
        severity: 'high',
        controls: ACCESS,
      },
      {
        id: 'container-paths-masked',
        title: 'No container lays paths of /proc and /sys open that Docker hides since 19.03',
        expr: none('unmasked'),
        severity: 'medium',
        controls: ACCESS,
      },
    ],
  },
  'container-hardened': {
    summary:
      'every running container has a root that is read-only, a user that is not root, and gains no privileges',
    needs: [],
    claims: [
      {
        id: 'container-read-only',
        title: 'The root of every container is read-only',
        expr: none('writable'),
        severity: 'medium',
        controls: ACCESS,
      },
      {
        id: 'container-not-root',
        title: 'The first process of no container is root',
        expr: none('asRoot'),
        severity: 'medium',
        controls: ACCESS,
      },
      {
        id: 'container-gains-nothing',
        title: 'No container may gain privileges (no-new-privileges)',
        expr: none('escalating'),
        severity: 'medium',
        controls: ACCESS,
      },
    ],
  },
  'image-as-declared': {
    summary: 'declared containers run their declared images on an engine, and nothing else runs beside them',
    needs: [],
    defaults: { images: true },
    claims: [
      {
        id: 'image-as-declared',
        title: 'Every declared container that runs here runs a declared digest',
        expr: none('differing'),
        severity: 'critical',
        controls: CHANGE,
      },
      {
        id: 'containers-closed',
        title: 'No container runs that nobody declared',
        expr: none('undeclared'),
        severity: 'high',
        controls: CHANGE,
      },
      {
        id: 'containers-run',
        title: 'Every declared container runs: one that is paused or restarting does not count',
        expr: none('missing'),
        severity: 'medium',
        controls: CHANGE,
      },
    ],
  },
};
