/**
 * `tallystick/witness`: cosigns the checkpoints of logs, each only as a continuation of the last. Needs the Node that the
 * command needs.
 *
 *     import pino from 'pino';
 *     import { openWitness } from 'tallystick/witness';
 *
 *     const witness = await openWitness({
 *       place: { dir: 'witness', knownLogs: 'logs.policy', name: 'witness.example.com/w1' },
 *       endpoint: { host: '127.0.0.1', port: 6963, trustProxy: false, insecureBind: false },
 *       peers: [], pollSeconds: 60, writesPerMinute: 600, readsPerMinute: 600,
 *       requests: { forget: [], resume: [], rebuildGuard: false },
 *       logger: pino(), fetch, now: Date.now, onRemark: console.error,
 *     });
 *     const url = await witness.listen();
 *     …
 *     await witness.close();
 */
export { openWitness, type OpenedWitness, type WitnessOptions } from './open.ts';
export type { WitnessPlace } from './setup.ts';
