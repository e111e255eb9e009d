/** `tallystick demo`: runs a log, its watchers, an agent and a target on this machine, for a minute. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../frame/context.ts';
import type { Verb } from '../frame/verb.ts';

export const demoVerb: Verb = {
  name: 'demo',
  summary: 'watch a claim proven, violated, stale, and its log tampered with, in a minute',
  details:
    'Starts a log, two witnesses, a monitor, an agent and a real TLS server on loopback, in a new directory below this ' +
    'one. It switches TLS 1.2 on in the server, kills the agent, and flips a bit of the log, and shows how each is ' +
    'noticed. It needs no root, and ends every process that it started.',
  examples: ['tallystick demo'],
  run,
};

async function run(context: Context): Promise<number> {
  const dir = await mkdtemp(join(context.world.cwd, 'tallystick-demo-'));
  const { demo } = await import('../demo/demo.ts');
  return demo(context, dir, process.argv[1] ?? '');
}
