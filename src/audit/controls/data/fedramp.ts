/**
 * Key Security Indicators of FedRAMP 20x (Consolidated Rules for 2026). Class B and Class C name the same indicators and
 * differ in how often machine-based resources are to be validated (rule VDR-TFR-MVX), and in what is optional.
 */
import { DAY, type Cadence, type Framework, type Item } from '../framework.ts';
import {
  AUTHENTICATION,
  DECLARED_STATE,
  EVERYTHING,
  FILE_INTEGRITY,
  LEAST_PRIVILEGE,
  LOGGING,
  TRANSMISSION,
} from './ready-claims.ts';

const SOURCE = {
  edition: '2026.07.14.01',
  source: 'https://github.com/FedRAMP/rules (fedramp-consolidated-rules.json)',
  read: '2026-11-30',
  basis: 'text',
  note: 'Newer versions may exist. 20x providers must maintain it from 2027-01-01.',
} as const;

const INDICATORS: readonly Omit<Item, 'cadence'>[] = [
  { id: 'KSI-CMT-LMC', title: 'Changes are logged and monitored', claims: DECLARED_STATE },
  {
    id: 'KSI-CMT-VTD',
    title: 'Changes are tested and validated throughout deployment, automatically',
    claims: EVERYTHING,
  },
  {
    id: 'KSI-CNA-EIS',
    title: 'The intended state of machine-based resources is assessed and enforced (optional in Class B)',
    claims: DECLARED_STATE,
  },
  { id: 'KSI-IAM-APM', title: 'Passwordless methods where feasible', claims: AUTHENTICATION },
  { id: 'KSI-IAM-ELP', title: 'Each user or device reaches only what it needs', claims: LEAST_PRIVILEGE },
  {
    id: 'KSI-MLA-EVC',
    title: 'The configuration of machine-based resources is evaluated and tested',
    claims: EVERYTHING,
  },
  { id: 'KSI-MLA-OSM', title: 'Events and changes are logged so that tampering shows', claims: LOGGING },
  {
    id: 'KSI-SVC-ACM',
    title: 'Configuration is managed by automation and reviewed for drift',
    claims: DECLARED_STATE,
  },
  {
    id: 'KSI-SVC-SIN',
    title: 'Information is encrypted or otherwise secured',
    claims: TRANSMISSION,
  },
  {
    id: 'KSI-SVC-VCM',
    title: 'Authenticity and integrity of communication are validated (optional in Class B)',
    claims: TRANSMISSION,
  },
  {
    id: 'KSI-SVC-VRI',
    title: 'The integrity of machine-based resources is validated by cryptographic methods',
    claims: FILE_INTEGRITY,
  },
];

function ofClass(letter: 'B' | 'C', days: number): Framework {
  const cadence: Cadence = {
    seconds: days * DAY,
    says: `VDR-TFR-MVX, Class ${letter}: at least once every ${days} days`,
  };
  return {
    id: `FedRAMP-20x-${letter}`,
    title: `FedRAMP 20x, Class ${letter}`,
    ...SOURCE,
    items: INDICATORS.map((item) => ({ ...item, cadence })),
  };
}

export const FEDRAMP: readonly Framework[] = [ofClass('B', 7), ofClass('C', 3)];
