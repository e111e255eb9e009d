/** `tallystick init`: makes keys, entry 0 and a configuration file for a new log. */
import { relative } from 'node:path';
import { EXIT } from '../exit.ts';
import { assertGuarded } from '../../web/listen.ts';
import type { Context } from '../frame/context.ts';
import { initialiseBy } from './serve/options.ts';
import { ENDPOINT_SETTINGS, endpointOf } from '../frame/settings.ts';
import type { Verb } from '../frame/verb.ts';

export const initVerb: Verb = {
  name: 'init',
  summary: 'make keys, registration policy and configuration of a new log',
  details:
    'Makes the data directory with the three keys of the log, one key for each role, entry 0 that enrols them, ' +
    'tallystick.yaml and trust.policy. Files that exist are not changed; missing ones are made. Afterwards move ' +
    'keys/admin.pem, which can change the policy, to a safe place: the running log does not need it.',
  settings: ['dataDir', 'origin', ...ENDPOINT_SETTINGS, 'guardDir', 'stateDir', 'admitAny'],
  json: true,
  examples: [
    'tallystick init',
    'tallystick init --data-dir /var/lib/tallystick --origin log.example.com/2026 --url https://log.example.com',
  ],
  run: async (context) => init(context),
};

async function init(context: Context): Promise<number> {
  const { resolved, output, world } = context;
  assertGuarded(endpointOf(resolved.config));
  const { layout, origin, vkeys, open, created } = await initialiseBy(context);
  const { dataDir } = resolved.config;
  for (const path of created) output.note(`made ${relative(world.cwd, path)}`);
  output.print(`origin   ${origin}\ndata     ${dataDir}`);
  for (const vkey of vkeys) output.print(`vkey     ${vkey}`);
  if (open) output.warn('open log: any well-signed statement will be admitted; for evaluation only');
  output.result('init', { origin, vkeys, open, dataDir, config: resolved.file ?? layout.config, created });
  return EXIT.ok;
}
