/**
 * `tallystick/commit`: from files or a source to a commitment that is shown to be logged, with its proof on disk. Needs Node.
 *
 *     import { commit, declareFiles, requestOf } from 'tallystick/commit';
 *
 *     const declared = await declareFiles({
 *       operands: ['package-lock.json'], cwd: process.cwd(), omit: new Map(), stdin: process.stdin,
 *       saltSecret: await loadSaltSecret('salt.key'), subject: 'web/shop',
 *     });
 *     const request = requestOf(declared, parseClaims(yaml), { environment: 'production' });   // claims: tallystick/declare
 *     const { logged } = await commit(openClient({ … }), request, { signer, folder: 'proofs/web-shop' });
 */

// What is declared.
export { declareFiles, type FilesToDeclare } from '../declare/node/declarefiles.ts';
export { declareSource, type SourceToDeclare } from '../declare/node/declaresource.ts';
export type { Declared } from '../declare/node/declared.ts';
export { loadSaltSecret, saltingBy } from '../declare/node/salts.ts';

// What is to be committed, and committing it.
export { requestOf, type CommitRemark, type CommitRequest, type RequestOptions } from './request.ts';
export { commit, commitRepinned, type CommitOptions, type Committed } from './commit.ts';
export type { Pinned, Pinning } from './pin.ts';
export { certificatesIn } from './pinchoice.ts';

// Who signs.
export { loadSigner } from '../keys/load.ts';
