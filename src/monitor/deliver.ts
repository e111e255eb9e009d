/** The webhook of a role that has an outbox: a monitor, or a watch of claims. */
import { readSecretFile } from '../keys/file.ts';
import { VERSION } from '../platform/place.ts';
import { Webhook, type WebhookParts } from './webhook.ts';
import { MAKE_SECRET, parseSecrets } from './webhook-secret.ts';

/** What the operator and the world decide of a delivery. */
type Delivering = Pick<WebhookParts, 'url' | 'fetch' | 'now' | 'onFailure'>;

/** Reads the secrets and makes what opens a webhook on an outbox. Refuses `key-file`, and what `readSecretFile` does. */
export async function webhookWith(
  delivering: Delivering,
  secretFile: string,
): Promise<(outbox: WebhookParts['outbox']) => Webhook> {
  const secrets = parseSecrets(await readSecretFile(secretFile, MAKE_SECRET), secretFile);
  return (outbox) =>
    new Webhook({
      ...delivering,
      secrets,
      outbox,
      version: VERSION,
      random: Math.random,
      setTimer: (run, ms) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    });
}
