/** Trust Services Criteria (AICPA), the common criteria that configuration supports. */
import type { Framework } from '../framework.ts';
import {
  AUTHENTICATION,
  AVAILABILITY,
  DECLARED_STATE,
  EVERYTHING,
  FILE_INTEGRITY,
  LEAST_PRIVILEGE,
  LOGGING,
  TRANSMISSION,
} from './ready-claims.ts';

export const SOC2: Framework = {
  id: 'SOC2-2017',
  title: 'SOC 2, Trust Services Criteria',
  edition: '2017, points of focus revised 2022',
  source: 'AICPA TSP section 100',
  read: '2026-07-15',
  basis: 'secondary',
  note: 'The criteria name no cadence; the auditor of a Type II report asks about the whole period.',
  items: [
    { id: 'CC4.1', title: 'Evaluations show whether controls are present and work', claims: EVERYTHING },
    { id: 'CC6.1', title: 'Logical access to protected information', claims: AUTHENTICATION },
    { id: 'CC6.3', title: 'Access by role, least privilege', claims: LEAST_PRIVILEGE },
    {
      id: 'CC6.6',
      title: 'Protection against threats from outside',
      claims: [...AUTHENTICATION, ...AVAILABILITY],
    },
    { id: 'CC6.7', title: 'Information is protected while it is transmitted', claims: TRANSMISSION },
    {
      id: 'CC6.8',
      title: 'Unauthorised or malicious software is prevented or detected',
      claims: FILE_INTEGRITY,
    },
    { id: 'CC7.1', title: 'Changes to configuration are detected', claims: DECLARED_STATE },
    { id: 'CC7.2', title: 'Components are monitored for anomalies', claims: [...DECLARED_STATE, ...LOGGING] },
    {
      id: 'CC8.1',
      title: 'Changes are authorised, tested, approved and implemented',
      claims: DECLARED_STATE,
    },
  ],
};
