/** `tallystick serve`: makes the log's directory if it is missing, then runs the log until it is stopped. */
import { ENDPOINT_SETTINGS } from '../frame/settings.ts';
import type { Context } from '../frame/context.ts';
import type { Verb } from '../frame/verb.ts';
import { banner } from '../views/log-banner.ts';

export const serveVerb: Verb = {
  name: 'serve',
  summary: 'run a log',
  details:
    'Makes keys, registration policy and configuration first if there are none (see init). Stops gracefully on ' +
    'SIGTERM and SIGINT, after answering every accepted request; a second signal stops it at once. Requests are logged ' +
    'to stdout as JSON lines, without bodies and keys.',
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
  run: serve,
};

async function serve(context: Context): Promise<number> {
  const { openLog } = await import('../../service/open.ts');
  const { logOptions } = await import('./serve/options.ts');
  const { serveUntilStopped } = await import('../frame/serving.ts');
  return serveUntilStopped(context, {
    open: (logger) => openLog({ ...logOptions(context), logger }),
    banner: (log, url = '') =>
      banner({ context, info: log.info, head: log.head(), url, notes: log.service.noticing() !== undefined }),
  });
}
