/**
 * The payload of a deployment: what was committed to is being put in place (spec/statements.md §6b). It starts the
 * deadlines of the commitment's claims. The statement's `sub` is the commitment's.
 */
import { prose, record, text, type Of } from './schema.ts';
import { sha256, time } from './vocabulary.ts';

export const deployment = record(
  {
    /** Entry id of the commitment that is deployed. */
    commitment: sha256,
    deployed: time,
  },
  {
    /** What was deployed, in the deployer's words: a release, an image tag. */
    version: text(1, 256),
    /** SHA-256 of what was deployed. */
    artifact: sha256,
    reason: prose(1, 2048),
  },
);
export type Deployment = Of<typeof deployment>;
