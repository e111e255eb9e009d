/**
 * `tallystick/declare`: what a commitment declares, from texts: sources become salted leaves, a claims file becomes claims.
 * Runs in browsers too; reading files and git is the command's.
 *
 *     import { portableHmac, readSource, refuseSecrets, SOURCES } from 'tallystick/declare';
 *
 *     const source = SOURCES.find(({ kind }) => kind === 'json');
 *     const salting = { secret, hmac: portableHmac };                   // 32 secret bytes of the owner, kept
 *     const how = { source, salting, sensitive: new Set(), notSecret: new Set(), literal: false, ignore: [] };
 *     const read = readSource([{ name: 'web.json', text: '{"replicas": 3}' }], how);
 *     refuseSecrets(read);                                              // refuses leaves that look secret and are not marked
 *     const { root } = leafTree({ leaves: read.leaves });               // what the commitment logs
 */

// Kinds of sources, and reading one.
export { SOURCES } from './sources/registry.ts';
export type { Source, SourceOptions, SourceText } from './sources/source.ts';
export { readSource, refuseSecrets, type SourceReading, type ReadSource } from './read.ts';
export type { Declarable, DeclaredLeaf, Exclusion, Unmarked } from './leaf.ts';
export { portableHmac, type Hmac, type Salting } from './salting.ts';

// The leaves that only their owner has: the tree whose root is logged, and showing some of them.
export {
  disclose,
  formatDisclosure,
  formatLeaves,
  leafTree,
  parseDisclosure,
  parseLeaves,
  type Disclosure,
  type OpenedLeaves,
  type SourceLeaf,
} from './leafopening.ts';
export { checkDisclosure, checkLeaves } from './checkleaves.ts';

// The claims file, and ready claims.
export { parseClaims, type ClaimsFile } from './claims.ts';
export { packOf } from './packs.ts';
export { PACES, type Pace } from './tiers.ts';
