/**
 * `tallystick/probe` observes running targets. A probe describes its parameters and what it can prove, and observes once.
 * Running a probe needs Node. The caller must make sure that the owner of the target has agreed.
 *
 *     import { findProbe, parametersOf } from 'tallystick/probe';
 *
 *     const probe = await findProbe('http@1');
 *     if (probe === undefined) throw new Error('no such probe');
 *     const observed = await probe.run({
 *       target: 'https://127.0.0.1:8443/',
 *       params: parametersOf(probe, new Map()),
 *       challenge: crypto.getRandomValues(new Uint8Array(32)),
 *       secret: async () => undefined,
 *       spent: () => undefined,
 *       signal: AbortSignal.timeout(10_000),
 *       now: Date.now,
 *     });
 */

// The descriptions of all probes.
export { describeProbe, PROBES } from './registry.ts';
export type { ParameterSpec, ProbeDescription, SecretSpec, Sight } from './description.ts';
export type { Pack } from './pack.ts';

// Running one.
export { findProbe, RUNNABLE } from './runners.ts';
export type { Probe, ProbeTask } from './probe.ts';
export { groupClaims, type ClaimGroup } from './groups.ts';
export { parametersOf } from './parameters.ts';

// The result of a run.
export type { Attachment, Contradiction, Grade, Observed, Population } from '../claim/observed.ts';
export type { Value, ValueMap } from '../claim/value.ts';
