/** Two checkouts side by side: this one, and the one that `--against` names. */
import { parseArgs } from 'node:util';
import { startServer, type Server } from './server.ts';

export interface Side {
  readonly name: 'this' | 'other';
  readonly server: Server;
}

/** The folder that `--against` names. */
export function againstWhat(): string | undefined {
  return parseArgs({ options: { against: { type: 'string' } } }).values.against;
}

/** Runs something with a server of each checkout, or of this one alone, and stops them. */
export async function withSides<T>(
  port: number,
  against: string | undefined,
  run: (sides: readonly Side[]) => Promise<T>,
): Promise<T> {
  const sides: Side[] = [];
  try {
    sides.push({ name: 'this', server: await startServer(port) });
    if (against !== undefined)
      sides.push({ name: 'other', server: await startServer(port + 1, [], against) });
    return await run(sides);
  } finally {
    for (const { server } of sides) await server.stop();
  }
}

/** The value below which this share of the values is. */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = [...values].toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}
