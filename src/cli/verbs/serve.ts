/** `tallystick serve`: the log itself. Makes what is missing the first time, then runs until it is stopped. */
import { ENDPOINT_SETTINGS } from '../frame/settings.ts';
import type { Verb } from '../frame/verb.ts';

export const serveVerb: Verb = {
  name: 'serve',
  summary: 'run a log',
  details:
    'Makes keys, registration policy and configuration first if there are none (see init). Stops gracefully on ' +
    'SIGTERM and SIGINT: what was taken is answered; a second signal stops it at once. Requests are logged to ' +
    'stdout as JSON lines, without bodies and keys.',
  settings: [
    'dataDir',
    'origin',
    ...ENDPOINT_SETTINGS,
    'rateLimit',
    'statementRate',
    'keyRate',
    'subjectRate',
    'readRateLimit',
    'maxPending',
    'checkpointIntervalMs',
    'clockTolerance',
    'guardDir',
    'stateDir',
    'witnessPolicy',
    'cosignRefresh',
    'open',
    'logLevel',
  ],
  examples: [
    'tallystick serve',
    'tallystick serve --origin log.example.com/2026 --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
    'tallystick serve --data-dir /var/lib/tallystick --trust-proxy --url https://log.example.com',
  ],
  run: async (context) => {
    const { serve } = await import('./serving/log.ts');
    return serve(context);
  },
};
