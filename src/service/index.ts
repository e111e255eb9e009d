/**
 * `tallystick/log`: a whole log in a process: keys, store, threads and HTTP server, from options. Needs the Node that the
 * command needs.
 *
 *     import pino from 'pino';
 *     import { openLog } from 'tallystick/log';
 *
 *     const log = await openLog({
 *       dataDir: 'data', stateDir: 'state', open: false,                // open: a new log admits any well-signed statement
 *       endpoint: { host: '127.0.0.1', port: 6962, trustProxy: false, insecureBind: false },
 *       maxPending: 10_000, checkpointIntervalMs: 0, clockTolerance: 60,
 *       logger: pino(), fetch, now: Date.now, onRemark: console.error,
 *     });
 *     const url = await log.listen();
 *     …
 *     await log.close();                                                // what was taken is answered first
 */

// A log that runs.
export { checkLogOptions, openLog, type LogOptions, type OpenedLog } from './open.ts';
export type { GuardedEndpoint } from '../web/endpoint.ts';

// Its directory: made, copied, put back.
export { initialise, type Initialised, type InitOptions } from './init.ts';
export { layoutOf, type Layout, type LogHome } from './layout.ts';
export { backUp, type BackupManifest } from './backup.ts';
export { restoreFrom, type Restored } from './restore.ts';
