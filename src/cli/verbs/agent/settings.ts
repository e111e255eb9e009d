/** The settings of `tallystick agent`. */
import { READER_SETTINGS, type SettingName } from '../../frame/settings.ts';

export const SETTINGS: readonly SettingName[] = [
  'agentDir',
  ...READER_SETTINGS,
  'key',
  'name',
  'proofsDir',
  'poll',
  'cpuBudget',
  'heartbeat',
  'logLevel',
];

// Reading the log costs as much as a proof. Every half minute is often enough for a deployment's deadline.
const DEFAULTS = { poll: '30' };

/** What the sub-verbs have in common. */
export const AGENT = { home: 'agentDir', defaults: DEFAULTS, settings: SETTINGS } as const;
