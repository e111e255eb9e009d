/** `tallystick serve`: makes the log's directory if it is missing, then runs the log until it is stopped. */
import { ENDPOINT_SETTINGS } from '../frame/settings.ts';
import type { Context } from '../frame/context.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';
import { banner } from '../views/log-banner.ts';

const OPTIONS = [
  { flags: '--open', help: 'open the pages of the log in a browser, where there is a display' },
] as const satisfies readonly VerbOption[];

export const serveVerb: Verb<typeof OPTIONS> = {
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
    'admitAny',
    'logLevel',
  ],
  options: OPTIONS,
  examples: [
    'tallystick serve',
    'tallystick serve --open',
    'tallystick serve --origin log.example.com/2026 --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
    'tallystick serve --data-dir /var/lib/tallystick --trust-proxy --url https://log.example.com',
  ],
  run: async (context, _operands, flags) => serve(context, flags.on('open')),
};

async function serve(context: Context, opens: boolean): Promise<number> {
  const { openLog } = await import('../../service/open.ts');
  const { logOptions } = await import('./serve/options.ts');
  const { serveUntilStopped } = await import('../frame/serving.ts');
  const { openInBrowser } = await import('../frame/browser.ts');
  return serveUntilStopped(context, {
    open: (logger) => openLog({ ...logOptions(context), logger }),
    banner: (log, url = '') =>
      banner({ context, info: log.info, head: log.head(), url, notes: log.service.noticing() !== undefined }),
    begin: (_log, _logger, url) => {
      if (opens && url !== undefined) openInBrowser(`${url}/`, context.world.env);
    },
  });
}
