/**
 * `tallystick/probe`: what looks at running targets. A probe says what it takes and what it can prove, and looks once.
 * Running needs Node. Whether a target may be looked at at all is the caller's to decide: its owner must have agreed.
 *
 *     import { findProbe, parametersOf } from 'tallystick/probe';
 *
 *     const probe = await findProbe('http@1');
 *     const observed = await probe.run({
 *       target: 'https://127.0.0.1:8443/',
 *       params: new Map(),
 *       challenge: crypto.getRandomValues(new Uint8Array(32)),
 *       secret: async () => undefined,
 *       spent: () => undefined,
 *       signal: AbortSignal.timeout(10_000),
 *       now: Date.now,
 *     });
 */

// Every probe, and what each says of itself.
export { describeProbe, PROBES } from './registry.ts';
export type { ParameterSpec, ProbeDescription, SecretSpec, Sight } from './description.ts';
export type { Pack } from './pack.ts';

// Running one.
export { findProbe, RUNNABLE } from './runners.ts';
export type { Probe, ProbeTask } from './probe.ts';
export { groupClaims, type ClaimGroup } from './groups.ts';
export { parametersOf } from './parameters.ts';

// What one sees.
export type { Attachment, Contradiction, Grade, Observed, Population } from '../claim/observed.ts';
export type { Value, ValueMap } from '../claim/value.ts';
