/** Lets a few through at a time; the others wait in order. */
import type { Gate } from './pace.ts';

export function gateOf(most: number): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return {
    async enter() {
      if (inside < most) {
        inside += 1;
        return;
      }
      await new Promise<void>((resolve) => void waiting.push(resolve));
    },
    leave() {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    },
  };
}
