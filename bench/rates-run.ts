/**
 * Times verifiers, in Node and in a page alike: how many signatures each checks in a second of processor time. Contenders of
 * one subject take turns in short rounds, so that whatever else the machine does falls on all of them.
 */

/** One way to check something. `run` throws, or says false, if what is good is refused. */
export interface Contender {
  /** What is checked. */
  readonly what: string;
  readonly by: string;
  readonly run: () => unknown;
  /** Called before a round; what it returns is called after it. */
  readonly around?: (() => () => void) | undefined;
}

/** What one contender did. */
export interface Rate {
  readonly what: string;
  readonly by: string;
  /** Of each round: how many a second of processor time. */
  readonly rounds: readonly number[];
}

/** Milliseconds of processor time that this place has used, all of its threads. */
export type Clock = () => Promise<number>;

const ROUNDS = 5;
/** Milliseconds: of a round, of processor time; of the warm-up, in which the machine compiles the verifier for good. */
const ROUND = 60;
const WARM_UP = 150;

/** Rates of all contenders, in their order. */
export async function rateAll(contenders: readonly Contender[], clock: Clock): Promise<readonly Rate[]> {
  const looks: number[] = [];
  for (let n = 0; n < 20; n++) looks.push(await costOf(clock, 0, () => undefined));
  // Of looking at the clock alone; the first looks are dearer, while a page starts.
  const idle = Math.min(...looks);
  const rates: Rate[] = [];
  for (const what of new Set(contenders.map((each) => each.what))) {
    const own = contenders.filter((each) => each.what === what);
    const times = new Map<Contender, number>();
    for (const each of own) times.set(each, await warmUp(each, clock));
    const rounds = own.map((): number[] => []);
    for (let n = 0; n < ROUNDS; n++)
      for (const [i, each] of own.entries()) {
        const count = times.get(each) ?? 1;
        const done = each.around?.();
        const cost = await costOf(clock, count, each.run);
        done?.();
        rounds[i]?.push((1000 * count) / Math.max(cost - idle, 0.001));
      }
    rates.push(...own.map(({ by }, i) => ({ what, by, rounds: rounds[i] ?? [] })));
  }
  return rates;
}

/** Runs it until it is warm; how often it runs in a round. */
async function warmUp({ what, by, run, around }: Contender, clock: Clock): Promise<number> {
  const done = around?.();
  const [before, start] = [await clock(), performance.now()];
  let count = 0;
  for (; performance.now() - start < WARM_UP || count < 4; count++)
    if ((await run()) === false) throw new Error(`${by} refuses what is good: ${what}`);
  const cost = (await clock()) - before;
  done?.();
  // A clock that stands still would make rounds without an end.
  if (cost < WARM_UP / 50) throw new Error(`${what}, ${by}: the clock does not see what runs`);
  return Math.max(1, Math.round((count * ROUND) / Math.max(cost, 1)));
}

/** Milliseconds of processor time of so many runs, one after another. */
async function costOf(clock: Clock, count: number, run: () => unknown): Promise<number> {
  const before = await clock();
  for (let i = 0; i < count; i++) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return (await clock()) - before;
}
