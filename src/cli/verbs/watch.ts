/** `tallystick watch`: follows where claims stand. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  { flags: '--once', help: 'look once, tell what changed since the last time, and stop' },
  {
    flags: '--notice',
    help: 'log a signed notice of each claim that goes STALE (role monitor: --key, else keys/monitor.pem)',
  },
  { flags: '--metrics-port <n>', help: 'serve /metrics, /livez and /readyz on this port of 127.0.0.1' },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export const watchVerb: Verb<typeof OPTIONS> = {
  name: 'watch',
  summary: 'follow where claims stand, tell what changes, raise alerts',
  details:
    'Looks every --poll seconds and prints each verdict that changed, and each claim that is no longer claimed. With ' +
    '--webhook, a claim that becomes VIOLATED, CONTRADICTED, STALE or REVOKED is posted, signed (Standard Webhooks), ' +
    'until it is acknowledged, and so is its recovery or its end. What was told is remembered in the state directory, so that a restart neither repeats nor loses an ' +
    'alert; one watch of the same subjects at a time. A log that is away is asked again; one that is caught lying is posted too, and ends the watch. With --once ' +
    'it looks once and exits as status does, and with 5 when there are too many subjects to be watched. With --json, each ' +
    'change is an object on a line.',
  operands: [['[subjects...]', 'what was committed to; all subjects with claims when absent']],
  settings: [...READER_SETTINGS, 'key', 'poll', 'webhook', 'webhookSecret'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick watch',
    'tallystick watch db/payments --webhook https://alarms.example.com/tallystick --webhook-secret webhook.secret',
    'tallystick watch db/payments --once --json',
  ],
  run: async (context, operands, flags) =>
    (await import('./subject/watch.ts')).watch(context, operands, flags),
};
