/**
 * `tallystick/agent`: looks at targets whose owners agreed, and posts what it saw as signed proofs. Needs the Node that the
 * command needs.
 *
 *     import { openAgent, proveOnce } from 'tallystick/agent';
 *     import { openClient } from 'tallystick/client';
 *
 *     const opened = await openAgent({
 *       place: { dir: 'agent' },
 *       connect: async (over) => openClient({ log: 'https://log.example.com', trust, now: Date.now, ...over }),
 *       openingsOf: () => [], targets: ['shop.example:443'], enrolCommand: () => 'tallystick policy enrol …',
 *       onBug: console.error, patienceMs: 20_000, fetch, now: Date.now,
 *     });
 *     const how = { wanted: ['web/shop'], claims: [], nonce: undefined, adopt: false };
 *     const { proven, failed, delivery } = await proveOnce(opened, how);
 *     opened.close();
 */
export { openAgent, type AgentOptions, type OpenedAgent } from './open.ts';
export { proveOnce, type Once, type OnceOptions, type Proven } from './once.ts';
export { startAgent, type DaemonOptions, type RunningAgent } from './running.ts';
export type { AgentEvent } from './event.ts';
export type { AgentPlace } from './home.ts';
export type { Rule } from './enrolment.ts';
