/** The half of bench/verify-rates.ts that Chromium runs. */
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import { knownSignature } from '#src/workers/known-signatures.ts';
import { contendersOf, readHistory } from './rates-contenders.ts';
import type { RateOrder } from './rates-order.ts';
import { rateAll, type Contender, type Rate } from './rates-run.ts';

/** What a page found. */
export interface PageReport {
  readonly rates: readonly Rate[];
  /** Milliseconds of processor time of each reading of the history, by what verified. */
  readonly readings: Readonly<Record<string, readonly number[]>>;
  readonly fault?: string;
}

const clock = async (): Promise<number> => Number(await (await fetch('/clock')).text());

/** WebCrypto's Ed25519 without our checks, its key imported once: undefined where there is none. */
async function bareEd25519(): Promise<Contender[]> {
  const { key, message, signature } = knownSignature('ed25519');
  const [raw, data, sig] = [key.bytes, message, signature].map((bytes) => Uint8Array.from(bytes));
  if (raw === undefined || data === undefined || sig === undefined) return [];
  const { subtle } = globalThis.crypto;
  try {
    const imported = await subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
    const run = (): Promise<boolean> => subtle.verify('Ed25519', imported, sig, data);
    return [{ what: 'bytes, Ed25519', by: 'WebCrypto alone', run }];
  } catch {
    return [];
  }
}

async function report(): Promise<PageReport> {
  const order = (await (await fetch('/order.json')).json()) as RateOrder & { readonly readings: number };
  const contenders = [...contendersOf(order, () => ({ noble: verifyWithNoble })), ...(await bareEd25519())];
  const rates = await rateAll(contenders, clock);
  const readings: Record<string, number[]> = {};
  const own: typeof fetch = globalThis.fetch.bind(globalThis);
  for (const [by, verify] of [
    ['noble', verifyWithNoble],
    ['WebCrypto, asked ahead', undefined],
    ['none', () => true],
  ] as const) {
    const all: number[] = (readings[by] = []);
    for (let n = 0; n < order.readings; n++) {
      const before = await clock();
      await readHistory(order.past, own, verify);
      all.push((await clock()) - before);
    }
  }
  return { rates, readings };
}

const found = await report().catch((error: unknown): PageReport => ({
  rates: [],
  readings: {},
  fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
}));
await fetch('/report', { method: 'POST', body: JSON.stringify(found) });
