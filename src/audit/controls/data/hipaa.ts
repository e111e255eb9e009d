/** HIPAA Security Rule, technical safeguards, as in force. */
import type { Framework } from '../framework.ts';
import {
  AUTHENTICATION,
  DECLARED_STATE,
  FILE_INTEGRITY,
  LEAST_PRIVILEGE,
  LOGGING,
  TRANSMISSION,
} from './ready-claims.ts';

export const HIPAA: Framework = {
  id: 'HIPAA-164.312',
  title: 'HIPAA Security Rule, 45 CFR 164.312',
  edition: 'as in force; the proposal of 2025-01-06 is not',
  source: 'https://www.ecfr.gov/current/title-45/section-164.312',
  read: '2026-07-15',
  basis: 'text',
  note: 'Documentation is kept for 6 years (164.316(b)(2)(i)). The rule names no cadence.',
  items: [
    { id: '(a)(1)', title: 'Access control', claims: [...LEAST_PRIVILEGE, ...AUTHENTICATION] },
    { id: '(b)', title: 'Audit controls', claims: [...LOGGING, ...DECLARED_STATE] },
    { id: '(c)(1)', title: 'Integrity', claims: DECLARED_STATE },
    { id: '(c)(2)', title: 'Mechanism to authenticate information', claims: FILE_INTEGRITY },
    { id: '(d)', title: 'Person or entity authentication', claims: AUTHENTICATION },
    { id: '(e)(1)', title: 'Transmission security', claims: TRANSMISSION },
    { id: '(e)(2)(ii)', title: 'Encryption in transmission (addressable)', claims: TRANSMISSION },
  ],
};
