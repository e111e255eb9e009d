/** The packs of `http@1` (the page of the probe). */
import { HOUR, type Pack } from '../pack.ts';

export const HTTP_PACKS: Readonly<Record<string, Pack>> = {
  'rate-limit': {
    summary: 'a web server enforces the rate limit it is said to have, seen by a bounded burst',
    needs: ['rate'],
    defaults: { requests: 40, burst: 0 },
    // A burst uses up the allowance of the agent's address.
    fastest: HOUR,
    claims: [
      {
        id: 'rate-limited',
        title: 'Lets through no more than was declared',
        expr: 'o.http.burst.enforced',
        severity: 'high',
      },
    ],
  },
  'nginx-rate-limit-as-declared': {
    summary:
      'nginx enforces the limit_req that is declared, and no stricter one, seen by a bounded burst (params.limit and params.zone: leaves of `commit nginx`)',
    needs: ['limit', 'zone'],
    defaults: { requests: 40 },
    fastest: HOUR,
    claims: [
      {
        id: 'rate-limited-as-declared',
        title: 'Lets through no more than the declared limit_req',
        expr: 'o.http.burst.enforced',
        severity: 'high',
      },
      {
        id: 'rate-served-as-declared',
        title: 'Lets through as many at once as the declared limit_req',
        expr: 'o.http.burst.accepted >= o.http.burst.least',
        severity: 'low',
      },
    ],
  },
  'auth-required': {
    summary: 'a path of a web server answers nobody without credentials, or with wrong ones',
    needs: [],
    defaults: { auth: true },
    claims: [
      {
        id: 'auth-required',
        title: 'Answers 401 or 403 without credentials and with wrong ones',
        expr: 'o.http.auth.required',
        severity: 'critical',
      },
    ],
  },
};
