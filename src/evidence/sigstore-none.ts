/**
 * In place of node/sigstore.ts where there is no Node (package.json, "imports"): the library that checks Sigstore's bundles needs
 * Node. Such a place checks no signature of an image and says so; it takes none for valid.
 */
import type { Claim } from '../statement/commitment.ts';
import type { Attested, AttestedResult } from './trail-facts.ts';

export async function examineSignatures(_result: AttestedResult, _claim: Claim): Promise<Attested> {
  return {
    kind: 'unseen',
    why: 'signatures of images (Sigstore bundles) are not checked in this browser or single file; `tallystick status` checks them',
  };
}
