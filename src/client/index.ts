/**
 * `tallystick/client`: any log over `fetch`, in Node and in browsers. Whatever is read is shown to be in the tree of a signed
 * checkpoint, and each checkpoint is compared with the last one that this client saw; nothing is believed because a
 * server says it.
 *
 *     import { parseVkey } from 'tallystick';
 *     import { openClient, trustKeys } from 'tallystick/client';
 *
 *     const trust = trustKeys([parseVkey('log.example.com/2026+…')]);   // the log's verifier keys, from a place you trust
 *     const client = openClient({ log: 'https://log.example.com', trust, fetch, now: Date.now });
 *     const snapshot = await client.snapshot();                         // the log as its newest checkpoint shows it
 *     const record = await snapshot.subject('web/shop');                // verified entries, for tallystick/appraisal
 *
 *     for await (const { start, entries } of client.entries(snapshot.view)) …                 // every entry, verified
 *     const { id, index, evidence } = await client.logStatement(await signFor(snapshot, { … }));
 *     await saveEvidence(new ProofsInMemory(), evidence);               // what `examine` checks offline
 *
 * A client asks nothing before its first method. Errors are `Refusal`s: `unavailable` and the like for a log that is away,
 * `inconsistent` for one that shows two histories.
 */

// Opening a client, and what it is made of.
export { openClient, type LogClient } from './client.ts';
export type {
  ClientOptions,
  CompletenessOptions,
  HeadMemory,
  Progress,
  Remark,
  RemarkCode,
  RememberedHead,
} from './ports.ts';
export { HeadsInMemory } from './memory.ts';
export {
  parseReceiptKeys,
  parseVkeys,
  trustAsOrigin,
  trustKeys,
  trustPolicy,
  trustReceiptKeys,
} from './trust.ts';
export type { Transport } from './transport.ts';
export type { PeerResult } from './gossip.ts';

// A log at one moment.
export type { Snapshot } from './snapshot.ts';
export type { ProvenEntry, LogView } from './view.ts';
export type { Listed, Page, Wanted } from './search.ts';
export type { SnapshotContext, SubjectRecord } from '../appraisal/subject.ts';
export type { SubjectEntry } from '../appraisal/history.ts';

// Subjects of a snapshot appraised, a snapshot as plain data, a commitment by the name of its entry, and what a claim rests on.
export { appraiseEach, statusesOf, statusOf, type Statuses, type Unreadable } from './statuses.ts';
export { waitUntilProven, type Waited, type WaitOptions } from './wait.ts';
export { explainClaim, type Explanation } from './explain.ts';
export { snapshotJson } from './snapshot-json.ts';
export { commitmentNamed } from './commitment-named.ts';

// Every entry of a log, and any one of them.
export type { Bundle } from './bundles.ts';
export type { FoundEntry } from './find-entry.ts';

// Signing a statement and logging it, and the evidence that shows it.
export { factsAbout, signFor, type Unsigned } from './sign-for.ts';
export {
  approvalAbout,
  deploymentAbout,
  logAbout,
  waiverAbout,
  withdrawalAbout,
  type StatementAbout,
} from './log-about.ts';
export type { Collected, LoggedStatement, SubmitOptions } from './log-statement.ts';
export type { Submission } from './receipts.ts';
export { transparentStatement } from './receipts.ts';
export { entryIdOf } from './scrapi.ts';

// Checking evidence without a log: see `examine` in the main export.
export { examine, type Examination } from './examine.ts';
export type { Evidence, PolicyEvidence, Trust } from './evidence.ts';
export type { Check } from '../bytes/checklist.ts';

// Keeping evidence.
export {
  EVIDENCE_FILES,
  loadEvidence,
  ProofsInMemory,
  saveEvidence,
  type ProofStore,
} from './proof-store.ts';
