/** Every framework that comes with Tallystick. Adding one is a file here and a line in this list. */
import type { Framework } from '../framework.ts';
import { EU } from './eu.ts';
import { FEDRAMP } from './fedramp.ts';
import { HIPAA } from './hipaa.ts';
import { ISO } from './iso.ts';
import { NIST } from './nist.ts';
import { PCI } from './pci.ts';
import { SOC2 } from './soc2.ts';

export const FRAMEWORKS: readonly Framework[] = [SOC2, PCI, NIST, HIPAA, ISO, ...EU, ...FEDRAMP];
