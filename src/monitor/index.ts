/**
 * `tallystick/monitor`: follows logs, checks every head and entry, and raises alarms that others can check. Needs the Node that
 * the command needs.
 *
 *     import { openMonitor } from 'tallystick/monitor';
 *
 *     const { monitor, close } = await openMonitor({
 *       dir: 'monitor', urls: ['https://log.example.com'], trust, peers: [], pollSeconds: 10, staleAfterSeconds: 3_600,
 *       once: true, hashes: false, fetch, now: Date.now,
 *       onIncident: ({ origin, kind }) => console.error(origin, kind),
 *       onWarning: console.error, onBug: console.error, onProgress: () => undefined,
 *     });
 *     await monitor.once();
 *     await close();
 *
 * `openWatch` is for claims: it tells each verdict that changes, and raises alerts (watch/open.ts).
 */
export { openMonitor, type MonitorOptions, type OpenedMonitor } from './open.ts';
export type { Believed } from './followed.ts';
export type { EventType, KnownIncident } from './incidents.ts';
export { openWatch, type OpenedWatch, type WatchOptions } from './watch/open.ts';
export type { Change } from './watch/changes.ts';
export type { WatchRound, WatchRemark } from './watch/watch.ts';
