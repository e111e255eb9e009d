/** ISO/IEC 27001, Annex A: the controls that configuration supports. */
import type { Framework } from '../framework.ts';
import {
  AUTHENTICATION,
  DECLARED_STATE,
  EVERYTHING,
  LEAST_PRIVILEGE,
  LOGGING,
  TRANSMISSION,
} from './ready-claims.ts';

export const ISO: Framework = {
  id: 'ISO-27001-2022',
  title: 'ISO/IEC 27001, Annex A',
  edition: '2022',
  source: 'ISO/IEC 27001:2022, Annex A (titles)',
  read: '2026-07-15',
  basis: 'secondary',
  note: 'The controls name no cadence.',
  items: [
    { id: 'A.8.3', title: 'Access to information is restricted', claims: LEAST_PRIVILEGE },
    { id: 'A.8.5', title: 'Secure authentication', claims: AUTHENTICATION },
    { id: 'A.8.9', title: 'Configuration management', claims: DECLARED_STATE },
    { id: 'A.8.15', title: 'Logging', claims: LOGGING },
    { id: 'A.8.16', title: 'Monitoring activities', claims: EVERYTHING },
    { id: 'A.8.24', title: 'Use of cryptography', claims: TRANSMISSION },
    { id: 'A.8.32', title: 'Change management', claims: DECLARED_STATE },
  ],
};
