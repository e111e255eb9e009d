/** Ready claims of the probe `http@1`. */
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
