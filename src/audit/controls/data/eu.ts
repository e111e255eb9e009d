/** Rules of the European Union that configuration supports. */
import type { Framework } from '../framework.ts';
import {
  AUTHENTICATION,
  DECLARED_STATE,
  EVERYTHING,
  LEAST_PRIVILEGE,
  LOGGING,
  TRANSMISSION,
} from './ready-claims.ts';

const DORA: Framework = {
  id: 'DORA-RTS-2024-1774',
  title: 'DORA, RTS on ICT risk management, Delegated Regulation (EU) 2024/1774',
  edition: 'OJ L, 2024/1774, 25.6.2024; in force since 2025-01-17',
  source: 'https://eur-lex.europa.eu/eli/reg_del/2024/1774/oj',
  read: '2026-07-15',
  basis: 'secondary',
  note: 'The text says "regularly", and names no number of days.',
  items: [
    {
      id: '11(2)(b)',
      title: 'Secure configuration baselines, verified regularly to be effectively deployed',
      claims: EVERYTHING,
    },
    { id: '12(2)(d)', title: 'Logs are protected against tampering and deletion', claims: LOGGING },
    {
      id: '12(2)(e)',
      title: 'A failure of logging is detected: missed looks show',
      claims: EVERYTHING,
    },
    { id: '14(1)', title: 'Information in transit is secured', claims: TRANSMISSION },
    { id: '21', title: 'Access control', claims: [...LEAST_PRIVILEGE, ...AUTHENTICATION] },
  ],
};

const AI_ACT: Framework = {
  id: 'EU-AI-Act',
  title: 'EU AI Act, Regulation (EU) 2024/1689',
  edition: 'with the dates of the omnibus of 2026',
  source: 'https://eur-lex.europa.eu/eli/reg/2024/1689/oj',
  read: '2026-07-15',
  basis: 'secondary',
  note:
    'High risk by Annex III: from 2027-12-02; by Annex I: from 2028-08-02. The Act does not ask for evidence that ' +
    'shows tampering. Logs are kept at least 6 months (19(1), 26(6)), documents 10 years (18).',
  items: [
    {
      id: '11',
      title: 'Technical documentation: versions and changes through the lifecycle',
      claims: DECLARED_STATE,
    },
    { id: '12', title: 'Events are recorded automatically over the lifetime', claims: EVERYTHING },
    { id: '15', title: 'Robustness and cybersecurity', claims: EVERYTHING },
    { id: '19(1)', title: 'Logs of the provider are kept at least 6 months', claims: EVERYTHING },
    { id: '26(6)', title: 'Logs of the deployer are kept at least 6 months', claims: EVERYTHING },
  ],
};

export const EU: readonly Framework[] = [DORA, AI_ACT];
