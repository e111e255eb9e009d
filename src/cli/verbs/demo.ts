/** `tallystick demo`: runs a log, its watchers, an agent and targets on this machine, and serves their pages. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../frame/context.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  { flags: '--no-serve', help: 'end after the last act' },
] as const satisfies readonly VerbOption[];

export const demoVerb: Verb<typeof OPTIONS> = {
  name: 'demo',
  summary: 'watch claims proven, violated and stale, a log tampered with; then its pages',
  details:
    'Starts a log, two witnesses, a monitor, a mirror, an agent and real TLS servers on loopback, in a new directory ' +
    'below this one. It switches TLS 1.2 on in a server, kills the agent, and flips a bit of the log, and shows how each ' +
    'is noticed. Then it prints links to pages with every kind of verdict, and serves them until it is stopped with ' +
    'Ctrl-C or SIGTERM. It needs no root, and ends every process that it started.',
  options: OPTIONS,
  examples: ['tallystick demo', 'tallystick demo --no-serve'],
  run,
};

async function run(
  context: Context,
  _operands: readonly string[],
  flags: FlagsOf<typeof OPTIONS>,
): Promise<number> {
  const dir = await mkdtemp(join(context.world.cwd, 'tallystick-demo-'));
  const { demo } = await import('../demo/demo.ts');
  return demo(context, dir, process.argv[1] ?? '', flags.on('serve'));
}
