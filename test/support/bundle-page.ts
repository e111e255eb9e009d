/** A page that verifies bundles: what a browser runs, bundled, in test/system/bundle-verifiers.test.ts. */
import { trustPolicy } from '#src/client/trust.ts';
import { verdictJson } from '#src/audit/bundle/verdict-json.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';

/** What the page is to verify: places of a bundle and of a policy, and the monitors that the reader believes. */
export interface Order {
  readonly bundle: string;
  readonly policy: string;
  readonly monitors: readonly string[];
}

async function bytesAt(place: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(place)).arrayBuffer());
}

async function verdictOn({ bundle, policy, monitors }: Order): Promise<unknown> {
  try {
    const trust = trustPolicy(await bytesAt(policy));
    const verdict = await verifyBundle(await bytesAt(bundle), { trust, monitors: new Set(monitors) });
    return verdictJson(verdict);
  } catch (error) {
    return { bug: error instanceof Error ? error.stack : String(error) };
  }
}

const orders = (await (await fetch('orders.json')).json()) as readonly Order[];
const verdicts: unknown[] = [];
for (const order of orders) verdicts.push(await verdictOn(order));
await fetch('report', { method: 'POST', body: JSON.stringify(verdicts) });
