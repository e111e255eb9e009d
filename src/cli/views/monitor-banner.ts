/** What a monitor says of itself when it starts. */
import { resolve } from 'node:path';
import type { Context } from '../frame/context.ts';
import type { OpenedMonitor } from '../../monitor/open.ts';

/** The banner's text, without a newline at the end. */
export function monitorBanner(
  { config, output, world }: Context,
  { monitor, madeSecret }: OpenedMonitor,
  url: string,
): string {
  const { watches, store } = monitor;
  const open = store.counts().reduce((n, each) => n + each.open, 0);
  const home = resolve(world.cwd, 'tallystick-monitor');
  const dir = config.monitorDir === home ? '' : ` --monitor-dir ${config.monitorDir}`;
  const lines = [
    output.paint('bold', 'Tallystick monitor'),
    `  URL        ${url}   (for others: --peer ${url})`,
    `  data       ${config.monitorDir}`,
    ...watches.map(({ status }) => `  log        ${status.origin}   (${status.url})`),
    ...config.peer.map((peer) => `  peer       ${peer}`),
    ...(config.webhook === undefined ? [] : [`  webhook    ${config.webhook}`]),
    ...(madeSecret === undefined
      ? []
      : [`  secret     ${madeSecret}   (made just now; give it to the receiver)`]),
    `  incidents  ${open === 0 ? 'none open' : output.paint('red', `${open} open`)}`,
    '',
    'Next, in another terminal:',
    `  npx tallystick incidents${dir}`,
    `  curl ${url}/v1/logs`,
  ];
  return lines.join('\n');
}
