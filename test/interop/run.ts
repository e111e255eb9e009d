/**
 * `npm run test:interop`: our programs with programs that no one here wrote, as processes on this machine.
 * TAP on stdout; exits 0 when nothing failed. What cannot be built here is skipped, by name and with the
 * reason. spec/interop.md says what is tried and what was found. With `--build` the programs are built, for Go's
 * caches, and nothing is run.
 */
import { helm } from './helm.ts';
import { kubernetes } from './kubernetes.ts';
import { litewitness } from './litewitness.ts';
import { omniwitness } from './omniwitness.ts';
import { ourWitness } from './ourwitness.ts';
import { Programs } from './programs.ts';
import { Stage } from './stage.ts';
import { Tap } from './tap.ts';
import { tessera } from './tessera.ts';

const SCENARIOS = { litewitness, omniwitness, ourWitness, tessera, kubernetes, helm };

/** Names on the command line choose among them; by default all run. */
const chosen = Object.entries(SCENARIOS).filter(
  ([name]) => process.argv.length === 2 || process.argv.includes(name),
);
const buildOnly = process.argv.includes('--build');

async function main(): Promise<number> {
  const tap = new Tap();
  const stage = await Stage.open();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => void stage.close().then(() => process.exit(1)));
  try {
    const programs = await Programs.build(stage, (text) => tap.note(text));
    if (buildOnly) return programs.complete ? 0 : 1;
    for (const [name, scenario] of chosen) {
      await scenario(tap, stage, programs).catch((error: unknown) =>
        tap.check(`${name}: runs to its end`, () => {
          throw error;
        }),
      );
    }
  } finally {
    await stage.close();
  }
  return tap.end();
}

process.exitCode = await main();
