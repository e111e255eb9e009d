/** A pace whose clock goes on by what is waited, and no further. */
import { Pace } from '#src/probe/net/pace.ts';

export function quickPace(): Pace {
  let now = 0;
  return new Pace(
    () => now,
    (ms) => {
      now += ms;
      return Promise.resolve();
    },
  );
}
