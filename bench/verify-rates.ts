/**
 * How many signatures a reader verifies: for each algorithm that a reader meets, by each verifier that the product has, in Node
 * and in Chromium; and how many proofs of a history. Per second of processor time, so that other work on the machine matters
 * little: the rate of one core. Median of rounds; ratios are of one run. About a minute on an idle machine.
 *
 *     node bench/verify-rates.ts [--json] [--proofs 1000]
 */
import { parseArgs } from 'node:util';
import { verifyWithNoble, type Algorithm } from '#src/sign/algorithm.ts';
import { chooseVerifier } from '#src/workers/kernels.ts';
import { nodeVerifier, sodiumVerifier } from '#src/workers/verify-kernel.ts';
import { CHROMIUM } from '../test/support/chromium.ts';
import { machine, median, printRows, type Row } from './machine.ts';
import { inChromium } from './rates-chromium.ts';
import { contendersOf, readHistory, type Verifiers } from './rates-contenders.ts';
import { lineOrders, statementOrders, transcriptOrders, type RateOrder } from './rates-order.ts';
import { pastLog, served, type PastLog } from './rates-past.ts';
import { rateAll, type Rate } from './rates-run.ts';

/** Readings of the history with each verifier; the first warms up. */
const READINGS = 4;

/** One line of the table and of the JSON. */
interface Measured {
  readonly place: 'node' | 'chromium';
  readonly what: string;
  readonly by: string;
  /** A second of processor time: median, and the lowest and highest round. */
  readonly perSecond: number;
  readonly lowest: number;
  readonly highest: number;
  /** Of the first verifier of the same subject in the same place. */
  readonly ratio: number;
}

const clock = async (): Promise<number> => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function verifiersOf(algorithm: Algorithm): Verifiers {
  const both = { noble: verifyWithNoble, 'node:crypto': nodeVerifier() };
  return algorithm === 'ed25519' ? { ...both, libsodium: sodiumVerifier() } : both;
}

/** Proofs of a history a second, by what verifies. `none`: what is left where verifying costs nothing. */
function readingRates(proofs: number, readings: Readonly<Record<string, readonly number[]>>): Rate[] {
  const what = `history of ${proofs.toLocaleString('en')} proofs`;
  return Object.entries(readings).map(([by, all]) => ({
    what,
    by,
    rounds: all.slice(1).map((ms) => (1000 * proofs) / ms),
  }));
}

async function inNode(order: RateOrder, { fetch }: PastLog): Promise<readonly Rate[]> {
  const rates = await rateAll(contendersOf(order, verifiersOf), clock);
  const readings: Record<string, number[]> = {};
  const by = {
    noble: verifyWithNoble,
    'WebCrypto, asked ahead': undefined,
    chooseVerifier: chooseVerifier(),
    none: () => true,
  };
  for (const [name, verify] of Object.entries(by)) {
    const all: number[] = (readings[name] = []);
    for (let n = 0; n < READINGS; n++) {
      const before = await clock();
      await readHistory(order.past, fetch, verify);
      all.push((await clock()) - before);
    }
  }
  return [...rates, ...readingRates(order.past.proofs, readings)];
}

function measured(place: Measured['place'], rates: readonly Rate[]): Measured[] {
  return rates.map(({ what, by, rounds }) => {
    const first = rates.find((each) => each.what === what);
    const perSecond = median(rounds);
    const [lowest, highest] = [Math.min(...rounds), Math.max(...rounds)];
    return { place, what, by, perSecond, lowest, highest, ratio: perSecond / median(first?.rounds ?? []) };
  });
}

const whole = (n: number): string => Math.round(n).toLocaleString('en');

function rowOf({ what, by, perSecond, lowest, highest, ratio }: Measured): Row {
  const times = ratio === 1 ? '' : `, ${ratio.toFixed(ratio < 10 ? 2 : 1)} ×`;
  return {
    what: `${what}: ${by}`,
    value: `${whole(perSecond)}/s`,
    against: `${whole(lowest)} to ${whole(highest)}${times}`,
  };
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, proofs: { type: 'string', default: '1000' } },
});
const past = await pastLog(Number(values.proofs));
const order: RateOrder = {
  statements: await statementOrders(),
  lines: await lineOrders(),
  transcripts: transcriptOrders(),
  past: past.order,
};
const all = measured('node', await inNode(order, past));
if (CHROMIUM !== undefined) {
  const { rates, readings } = await inChromium(order, READINGS, served(past));
  all.push(...measured('chromium', [...rates, ...readingRates(order.past.proofs, readings)]));
}
const places = { node: `Node ${process.versions.node}`, chromium: 'Chromium' } as const;
if (values.json) {
  console.log(JSON.stringify({ machine: machine(), browser: CHROMIUM !== undefined, rates: all }, null, 2));
} else {
  console.log(machine());
  for (const place of ['node', 'chromium'] as const) {
    const rows = all.filter((each) => each.place === place).map(rowOf);
    if (rows.length > 0) printRows(`Verified in ${places[place]}, a second and core`, rows);
    else console.log('\nChromium: left out, there is no chromium here');
  }
}
