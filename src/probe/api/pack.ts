/** Ready claims of `api@1`. */
import { HOUR, type Pack } from '../pack.ts';

export const API_PACKS: Readonly<Record<string, Pack>> = {
  'api-as-described': {
    summary:
      'a service answers the operations that were tried as its OpenAPI contract says; the proof says how many of how many',
    needs: [],
    fastest: HOUR,
    claims: [
      {
        id: 'api-as-described',
        title:
          'Every operation that was tried answers with a status, a content type and a form that the contract has',
        expr: 'size(o.api.undocumented) == 0 && size(o.api.mediaTypes) == 0 && size(o.api.differing) == 0',
        severity: 'high',
        controls: [{ framework: 'SOC2-2017', id: 'CC8.1' }],
      },
    ],
  },
  'api-needs-auth': {
    summary: 'a service lets nobody into the operations that were tried and say that they need a credential',
    needs: [],
    fastest: HOUR,
    claims: [
      {
        id: 'api-needs-auth',
        title:
          'Every operation that was tried and says that it needs a credential answers 401 or 403 without one',
        expr: 'size(o.api.open) == 0',
        severity: 'critical',
        controls: [{ framework: 'SOC2-2017', id: 'CC6.1' }],
      },
    ],
  },
};
