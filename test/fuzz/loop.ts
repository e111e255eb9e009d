/** The loop of one run, in a thread of its own, so that an input that never ends is seen from outside. */
import { parentPort, workerData } from 'node:worker_threads';
import { Refusal } from '../../src/bytes/refusal.ts';
import { DECLARED } from './declared.ts';
import { API_CONTRACTS } from './api.ts';
import { ENGINE_ANSWERS } from './container.ts';
import { CRI_MESSAGES } from './cri.ts';
import { KUBERNETES_ANSWERS } from './kubernetes.ts';
import { EVIDENCE } from './evidence.ts';
import { BUNDLES } from './bundles.ts';
import { PAGES } from './pages.ts';
import { FORMATS } from './formats.ts';
import { endpoints } from './http.ts';
import { mutate, Random } from './random.ts';
import { asText, type Target } from './target.ts';

export interface Order {
  readonly seed: string;
  readonly inputs: number;
  readonly only: string | undefined;
  /** One input alone, by its number. */
  readonly at: number | undefined;
  /** Milliseconds since 1970 after which no further input is begun. */
  readonly until: number;
  /** Number of the target and of its input under way, for whoever watches. */
  readonly place: Int32Array;
}

export interface Found {
  readonly target: string;
  readonly number: number;
  readonly why: string;
  /** The input, in hex. */
  readonly input: string;
}

export interface Report {
  readonly ran: Readonly<Record<string, number>>;
  readonly accepted: Readonly<Record<string, number>>;
  readonly found: readonly Found[];
}

/** Faults of one target after which it is not asked again. */
const ENOUGH = 3;

/** What is wrong with how a target took an input; undefined for nothing. `true` in `accepted` when it took it. */
async function tried(
  target: Target,
  input: Uint8Array<ArrayBuffer>,
): Promise<{ accepted: boolean; why?: string }> {
  const kept = new Uint8Array(input);
  try {
    const asked = target.run(input);
    const printed = asked instanceof Promise ? await asked : asked;
    if (!Buffer.from(kept).equals(input)) return { accepted: true, why: 'the input was changed' };
    const same =
      printed === undefined ||
      (typeof printed === 'string' ? printed === asText(kept) : Buffer.from(printed).equals(kept));
    return same ? { accepted: true } : { accepted: true, why: 'it was taken and prints back otherwise' };
  } catch (error) {
    if (error instanceof Refusal) return { accepted: false };
    return { accepted: false, why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function loop({ seed, inputs, only, at, until, place }: Order): Promise<Report> {
  const all = [
    ...FORMATS,
    ...BUNDLES,
    ...PAGES,
    ...EVIDENCE,
    ...CRI_MESSAGES,
    ...API_CONTRACTS,
    ...ENGINE_ANSWERS,
    ...KUBERNETES_ANSWERS,
    ...DECLARED,
    ...(only === undefined || only.startsWith('http') ? await endpoints(only) : []),
  ];
  const targets = all.filter(({ name }) => only === undefined || name === only);
  const ran: Record<string, number> = {};
  const accepted: Record<string, number> = {};
  const found: Found[] = [];
  const done = new Set<Target>();
  const round = async (number: number): Promise<void> => {
    for (const [index, target] of targets.entries()) {
      if (done.has(target)) continue;
      const random = new Random(`${seed} ${target.name} ${number}`);
      const input = (target.make ?? mutate)(random, target.seeds);
      Atomics.store(place, 0, index);
      Atomics.store(place, 1, number);
      const { accepted: took, why } = await tried(target, input);
      ran[target.name] = (ran[target.name] ?? 0) + 1;
      if (took) accepted[target.name] = (accepted[target.name] ?? 0) + 1;
      if (why === undefined) continue;
      found.push({ target: target.name, number, why, input: Buffer.from(input).toString('hex') });
      if (found.filter((each) => each.target === target.name).length >= ENOUGH) done.add(target);
    }
  };
  parentPort?.postMessage({ names: targets.map(({ name }) => name) });
  if (at !== undefined) await round(at);
  else for (let n = 0; n * targets.length < inputs && Date.now() < until; n++) await round(n);
  return { ran, accepted, found };
}

if (parentPort !== null) parentPort.postMessage({ report: await loop(workerData as Order) });
