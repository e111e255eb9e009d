/** Alerts of a watch on their way to the operator's URL: signed and tried again, as a monitor's incidents are. */
import { refuse } from '../../bytes/refusal.ts';
import { readSecretFile } from '../../keys/file.ts';
import { Webhook } from '../../monitor/webhook.ts';
import { MAKE_SECRET, parseSecrets } from '../../monitor/webhook-secret.ts';
import type { Context } from '../context.ts';
import { VERSION } from '../../platform/place.ts';
import type { WatchState } from './watchstate.ts';

export type Alerts = Pick<Webhook, 'wake' | 'settle' | 'close'>;

/** Undefined without --webhook. Refuses `config-invalid` without a secret, `key-file`. */
export async function openAlerts(
  { config, world, output }: Context,
  state: WatchState,
): Promise<Alerts | undefined> {
  const { webhook: url, webhookSecret } = config;
  if (url === undefined) return undefined;
  if (webhookSecret === undefined)
    throw refuse(
      'config-invalid',
      `alerts are signed: name the secret with --webhook-secret, a file of mode 0600; ${MAKE_SECRET}`,
    );
  return new Webhook({
    url,
    secrets: parseSecrets(await readSecretFile(webhookSecret, MAKE_SECRET), webhookSecret),
    outbox: state,
    version: VERSION,
    fetch: world.fetch,
    now: world.now,
    random: Math.random,
    setTimer: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    onFailure: (what) => output.warn(what),
  });
}
