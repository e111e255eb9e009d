/**
 * The demonstration: a log, two witnesses, a monitor, a mirror, an agent and real TLS servers, all on this machine and
 * without root. First a story (story.ts), then subjects with one verdict of each kind (standing.ts), whose pages it serves
 * until it is stopped. The demonstration is a test, too: if an act does not end as announced, the command fails.
 */
import { relative } from 'node:path';
import { baseOf } from '../../explorer/base.ts';
import { EXIT } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import { Firewall } from './firewall.ts';
import { Play } from './play.ts';
import { Stage } from './stage.ts';
import { settle } from './standing.ts';
import { API, declare, ORIGIN, prove, raiseLog, silence, tamper, violate } from './story.ts';
import { Target } from './target.ts';

/**
 * Runs the demonstration in `dir`, which is new. `stay`: whether to serve the pages at the end, until a signal.
 * Refuses `unavailable` if a part does not start or an act fails.
 */
export async function demo(context: Context, dir: string, program: string, stay: boolean): Promise<number> {
  const { output, world } = context;
  const play = new Play(context, new Stage(dir, program));
  const named = async (host: string): Promise<Target> => Target.named(host, world.now());
  const [api, web, ledger, terminal, warehouse] = [
    await named('pay.example'),
    await named('shop.example'),
    await named('ledger.example'),
    await named('terminal.example'),
    await named('warehouse.example'),
  ];
  const firewall = new Firewall();
  try {
    const monitor = await raiseLog(play);
    await declare(play, api, web);
    await prove(play, api, web);
    await violate(play, api);
    await silence(play);
    await tamper(play, api);
    await settle(play, { api, ledger, terminal, warehouse, firewall });
    output.print(ending(context, relative(world.cwd, dir) || '.'));
    if (stay) {
      output.print(links(context, play.url, monitor));
      await play.stage.stopped();
    }
  } finally {
    await play.stage.clear();
    await Promise.all([api, web, ledger, terminal, warehouse, firewall].map(async (each) => each.close()));
  }
  return EXIT.ok;
}

function ending({ output }: Context, dir: string): string {
  return [
    '',
    output.paint('bold', `Everything is in ${dir}/`),
    '  tallystick-data/     the log, its keys, its policy        w1/, w2/            the witnesses',
    '  tallystick-monitor/  a verified copy of the log           tallystick-mirror/  another, as files',
    '  tallystick-agent/    the agent’s chain and seeds          *.claims.yaml       what was declared',
    '  tallystick-proofs/   what proves the commitments',
    '',
    'Try next, in that directory:',
    `  npx tallystick verify tallystick-proofs/*/ --policy everyone.policy --explain`,
    '  npx tallystick serve        if the demonstration has ended; then, in another terminal:',
    `  npx tallystick registry blame ${API} tls12-refused`,
    '  npx tallystick agent plan --help',
  ].join('\n');
}

function links({ output }: Context, log: string, monitor: string): string {
  return [
    '',
    output.paint('bold', 'Look at it in a browser:'),
    `  ${log}/           what is red now, worst first`,
    `  ${log}/s/${API}  violated, by the server’s own signature`,
    `  ${monitor}${baseOf(ORIGIN)}/`,
    '      the same from the monitor, which checked every entry',
    '',
    `The agent goes on proving, and the pages are served until you press Ctrl-C (or kill ${process.pid}). That ends everything that was started.`,
  ].join('\n');
}
