/** Ready claims of the probe `net@1`. */
import type { Pack } from '../pack.ts';

/** The control of SOC 2 that a closed port supports; alone it never fulfils one. */
const BOUNDARY = [{ framework: 'SOC2-2017', id: 'CC6.6' }];

export const NET_PACKS: Readonly<Record<string, Pack>> = {
  'deny-all-canary': {
    summary:
      'a workload that the owner runs as a canary under a deny-all policy cannot reach a port of a host whose control it may reach',
    needs: ['control'],
    claims: [
      {
        id: 'denied',
        title:
          'The port cannot be reached from the canary, while a control on the same host answers before and after',
        expr: '!o.net.reachable',
        severity: 'critical',
        controls: BOUNDARY,
      },
    ],
  },
  'network-as-declared': {
    summary:
      'pairs of a declared matrix, drawn anew for each proof, behave as declared, as seen from one source (target matrix:SOURCE)',
    needs: [],
    defaults: { draw: 12 },
    claims: [
      {
        id: 'drawn-as-declared',
        title:
          'Every pair that was drawn is reachable if it is allowed, and not if it is denied (a sample: the population says of how many)',
        expr: 'size(o.net.drawn) > 0 && o.net.drawn.all(pair, pair.asDeclared)',
        severity: 'critical',
        controls: BOUNDARY,
      },
    ],
  },
  'network-policy-enforced': {
    summary: 'a connection between two pods is let through or denied as the declared NetworkPolicies say',
    needs: ['fromPod', 'toPod'],
    claims: [
      {
        id: 'policy-enforced',
        title: 'The connection behaves as the declared NetworkPolicies say',
        expr: 'o.net.asDeclared',
        severity: 'critical',
        controls: BOUNDARY,
      },
    ],
  },
  'network-policy-denied': {
    summary:
      'a connection between two pods that the declared NetworkPolicies deny is denied; with against: network-policies-settled, what gets through contradicts the API',
    needs: ['fromPod', 'toPod'],
    claims: [
      {
        id: 'policy-denies',
        title: 'The declared NetworkPolicies deny the connection, and it is denied',
        // Both are read, and so disclosed, where bytes came: readers see what the API contradicts.
        expr: 'o.net.allowed ? false : !o.net.reachable',
        severity: 'critical',
        controls: BOUNDARY,
      },
    ],
  },
  'port-reachable': {
    summary: 'the target itself answers at a port, as seen from the machine of the agent',
    needs: [],
    claims: [
      {
        id: 'port-reachable',
        title: 'The target answers at the port',
        expr: 'o.net.reachable',
        severity: 'high',
      },
    ],
  },
};
