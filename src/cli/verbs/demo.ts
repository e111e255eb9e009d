/** `tallystick demo`: everything at once, on this machine, in a minute. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../frame/context.ts';
import type { Verb } from '../frame/verb.ts';

export const demoVerb: Verb = {
  name: 'demo',
  summary: 'see a declaration proven, violated, silent and tampered with, in a minute',
  details:
    'Starts a log, two witnesses, a monitor, an agent and a real TLS server on loopback, in a new directory here. TLS 1.2 ' +
    'is switched on in the server, the agent is killed, a bit of the log is flipped; each is noticed. Nothing needs root, ' +
    'and nothing goes on afterwards.',
  examples: ['tallystick demo'],
  run,
};

async function run(context: Context): Promise<number> {
  const dir = await mkdtemp(join(context.world.cwd, 'tallystick-demo-'));
  const { demo } = await import('../demo/demo.ts');
  return demo(context, dir, process.argv[1] ?? '');
}
