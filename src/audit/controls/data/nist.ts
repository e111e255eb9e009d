/** NIST SP 800-53: the controls that configuration supports. */
import type { Framework } from '../framework.ts';
import {
  AUTHENTICATION,
  DECLARED_STATE,
  EVERYTHING,
  FILE_INTEGRITY,
  LEAST_PRIVILEGE,
  LOGGING,
  TRANSMISSION,
} from './ready-claims.ts';

export const NIST: Framework = {
  id: 'NIST-800-53-5.2.0',
  title: 'NIST SP 800-53',
  edition: '5.2.0',
  source: 'https://csrc.nist.gov/projects/cprt (SP 800-53 release 5.2.0)',
  read: '2026-07-15',
  basis: 'secondary',
  note: 'Frequencies are parameters that the organisation sets; none is in the text.',
  items: [
    { id: 'AC-6', title: 'Least privilege', claims: LEAST_PRIVILEGE },
    { id: 'AU-9(3)', title: 'Audit information is protected by cryptography', claims: LOGGING },
    { id: 'AU-10', title: 'Nobody can deny what they did: signed statements in a log', claims: LOGGING },
    { id: 'CA-7', title: 'Continuous monitoring', claims: EVERYTHING },
    { id: 'CM-2', title: 'Baseline configuration', claims: DECLARED_STATE },
    { id: 'CM-3', title: 'Changes are reviewed, approved and recorded', claims: DECLARED_STATE },
    { id: 'CM-6', title: 'Settings are set, and deviations are known', claims: EVERYTHING },
    { id: 'CM-8', title: 'Inventory of components', claims: DECLARED_STATE },
    { id: 'IA-2', title: 'Users are identified and authenticated', claims: AUTHENTICATION },
    { id: 'SC-8', title: 'Confidentiality and integrity of transmission', claims: TRANSMISSION },
    { id: 'SI-7(6)', title: 'Integrity of software and information by cryptography', claims: FILE_INTEGRITY },
  ],
};
