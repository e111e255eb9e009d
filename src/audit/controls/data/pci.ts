/** PCI DSS: the requirements that configuration supports. */
import { DAY, type Framework } from '../framework.ts';
import {
  AUTHENTICATION,
  DECLARED_STATE,
  FILE_INTEGRITY,
  LEAST_PRIVILEGE,
  LOGGING,
  TRANSMISSION,
} from './ready-claims.ts';

export const PCI: Framework = {
  id: 'PCI-DSS-4.0.1',
  title: 'PCI DSS',
  edition: '4.0.1',
  source: 'PCI SSC, PCI DSS v4.0.1, June 2024',
  read: '2026-11-30',
  basis: 'secondary',
  items: [
    { id: '2.2.1', title: 'Configuration standards are applied', claims: DECLARED_STATE },
    { id: '2.2.7', title: 'Administrative access is encrypted', claims: TRANSMISSION },
    { id: '4.2.1', title: 'Strong cryptography over open networks', claims: TRANSMISSION },
    { id: '7.2.1', title: 'Access by need, least privilege', claims: LEAST_PRIVILEGE },
    { id: '8.3.1', title: 'Access needs authentication', claims: AUTHENTICATION },
    {
      id: '10.3.4',
      title: 'Changes to logs are detected',
      claims: LOGGING,
    },
    {
      id: '11.5.2',
      title: 'Changes to critical files are detected',
      cadence: { seconds: 7 * DAY, says: '11.5.2: critical file comparisons at least once weekly' },
      claims: FILE_INTEGRITY,
    },
  ],
};
