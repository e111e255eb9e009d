/**
 * `tallystick/audit`: the past of a log for whoever was not there. A bundle is one file that says what a log says of some subjects
 * in a period; it is verified offline, under a trust policy of the reader's own (spec/bundle.md).
 *
 *     import { trustPolicy } from 'tallystick/client';
 *     import { verifyBundle } from 'tallystick/audit';
 *
 *     const { result, checks, histories } = await verifyBundle(bytes, { trust: trustPolicy(policyFile) });
 *     console.log(result);                                  // verified, consistent, authentic or failed
 */

// Verifying a bundle, and reading it as a log at one moment.
export { verifyBundle } from './bundle/verify.ts';
export { openBundle, type OpenedBundle } from './bundle/open.ts';
export { RESULTS, type BundleResult, type BundleVerdict, type VerifyOptions } from './bundle/verdict.ts';
export { verdictJson } from './bundle/verdict-json.ts';
export { RESULT_EXITS, verdictLines, type ToldLine } from './bundle/told.ts';

// Making one from a snapshot of a log.
export { makeBundle, type BundleRequest } from './bundle/make.ts';
export { formatOpenings, parseOpenings } from './bundle/openings.ts';
export type { OpenedLeaf } from '../declare/openings-file.ts';

// The container by itself.
export { readContainer } from './zip/read.ts';
export { writeContainer, type Files } from './zip/write.ts';

// The histories that a verdict carries.
export type { ClaimPast, KnownHistory } from '../appraisal/past/known-types.ts';
