/** What `tallystick monitor` prints: when it starts, and with --once for each log. */
import { resolve } from 'node:path';
import type { Context } from '../frame/context.ts';
import { pagesLine } from './pages-line.ts';
import { printable } from '../../bytes/printable.ts';
import { viewIncident } from '../../monitor/incidents.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import type { OpenedMonitor } from '../../monitor/open.ts';
import { EXIT, gravest } from '../exit.ts';

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
    ...pagesLine(config, url),
    `  data       ${config.monitorDir}`,
    ...watches.map(({ status }) => `  log        ${status.origin}   (${status.url})`),
    ...config.peer.map((peer) => `  peer       ${peer}`),
    ...(config.webhook === undefined ? [] : [`  webhook    ${config.webhook}`]),
    ...(madeSecret === undefined
      ? []
      : [`  secret     ${madeSecret}   (made just now; give it to the receiver)`]),
    ...(config.notary === undefined ? [] : [`  notices    signed with ${config.notary}`]),
    `  incidents  ${open === 0 ? 'none open' : output.paint('red', `${open} open`)}`,
    '',
    'Next, in another terminal:',
    `  npx tallystick incidents${dir}`,
    `  curl ${url}/v1/logs`,
  ];
  return lines.join('\n');
}

/** Open incidents that are printed; `tallystick incidents` has them all. */
const SHOWN = 50;

/** Prints the open incidents of each log. Returns the exit code: that of the worst; without any, 2 if a log was away. */
export function reportLogs({ output }: Context, { watches, store }: Monitor): number {
  const kinds: string[] = [];
  for (const { status } of watches) {
    const { origin, reachable, fault } = status;
    const open = store.counts().filter((each) => each.origin === origin);
    const good = reachable && fault === undefined && open.length === 0;
    const mark = good ? output.paint('green', '✓') : output.paint('red', '✗');
    const note = fault === undefined ? '' : `: ${printable(fault)}`;
    output.print(
      `${mark} ${printable(origin)}: ${status.copied} entries verified, head ${status.size}${note}`,
    );
    kinds.push(...open.map(({ kind }) => kind));
    for (const { id, kind, what } of store.list({ open: true, origin, limit: SHOWN }))
      output.print(`  ${output.paint('red', kind)} ${id.slice(0, 16)} ${printable(what, 1000)}`);
  }
  const unreachable = watches.some(({ status }) => !status.reachable || status.outdated);
  const code =
    kinds.length > 0
      ? gravest(kinds.map((kind) => EXITS[kind] ?? EXIT.verification))
      : unreachable
        ? EXIT.notFound
        : EXIT.ok;
  output.result('monitor', {
    clean: code === EXIT.ok,
    logs: watches.map(({ status }) => ({
      origin: status.origin,
      url: status.url,
      size: status.size,
      root: status.root?.toHex() ?? null,
      copied: status.copied,
      reachable: status.reachable,
      fault: status.fault ?? null,
    })),
    incidents: watches.flatMap(({ origin }) =>
      store.list({ open: true, origin, limit: SHOWN }).map((each) => ({ ...viewIncident(each) })),
    ),
  });
  return code;
}

const EXITS: Readonly<Record<string, number>> = {
  'split-view': EXIT.splitView,
  rollback: EXIT.splitView,
  'stale-head': EXIT.quorum,
  'quorum-lost': EXIT.quorum,
};
