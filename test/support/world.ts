/** A small world for tests: people with keys from fixed seeds, a policy that enrols them, statements they sign. */
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, type Digest } from '../../src/bytes/brand.ts';
import { encodeUtf8, parseHex } from '../../src/bytes/text.ts';
import { signStatement } from '../../src/cose/statement.ts';
import { headSigner, type HeadKeys } from '../../src/log/headsigner.ts';
import { formatVkey } from '../../src/note/key.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { isSaidAgain } from '../../src/statement/claims.ts';
import type { StatementKind } from '../../src/statement/kinds.ts';
import { encodeApproval, encodeCommitment, encodePolicy, encodeProof } from '../../src/statement/payload.ts';
import { ENTRY_DEFINITION, RULES, type PolicyDocument, type Role } from '../../src/statement/policy.ts';
import type { Declaration } from '../../src/statement/commitment.ts';
import { SALTED_TREE } from '../../src/statement/saltedleaf.ts';
import { signOwn, type OwnHeaders } from '../../src/statement/sign.ts';
import { seedSigner } from './seed-signer.ts';

export const ORIGIN = 'log.example/tally';
export const ISSUER = 'https://issuer.example';

const hashOf = (text: string): Digest => digest(sha256(encodeUtf8(text)));
const seed = (name: string): Uint8Array => hashOf(`tallystick test ${name}`);
const person = (name: string): Signer => seedSigner('ed25519', seed(name));

export const people = {
  admin: person('admin'),
  author: person('author'),
  approver: person('approver'),
  agent: person('agent'),
  monitor: person('monitor'),
  submitter: person('submitter'),
  stranger: person('stranger'),
} as const;

export const headKeys: HeadKeys = {
  origin: ORIGIN,
  issuer: 'https://log.example',
  checkpoint: [
    { name: ORIGIN, type: 1, signer: person('log ed25519') },
    { name: ORIGIN, type: 6, signer: seedSigner('ml-dsa-44', seed('log ml-dsa-44')) },
  ],
  receipt: person('log receipt'),
};
export const logSigner = headSigner(headKeys);
export const vkeys = headKeys.checkpoint.map(({ name, type, signer }) =>
  formatVkey(name, type, signer.publicKey),
);

const ROLE_OF: readonly (readonly [keyof typeof people, Role])[] = [
  ['admin', 'admin'],
  ['author', 'author'],
  ['approver', 'approver'],
  ['agent', 'agent'],
  ['monitor', 'monitor'],
  ['submitter', 'submitter'],
];

export function policyDocumentOf(change: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    rules: RULES,
    origin: ORIGIN,
    open: false,
    entry: ENTRY_DEFINITION,
    log: { vkeys, receiptKeys: [headKeys.receipt.publicKey] },
    keys: ROLE_OF.map(([name, role]) => ({
      key: people[name].publicKey,
      name,
      roles: [role],
      subjects: ['**'],
    })),
    selfProof: false,
    limits: { entryBytes: 65_535 },
    ...change,
  };
}

/** When the people of this world say things, POSIX seconds. */
export const SAID = 1_800_000_000;

/** A statement of one of our kinds, for the log of this world. */
export function ownStatement(
  kind: Exclude<StatementKind, 'other'>,
  subject: string,
  payload: Uint8Array,
  signer: Signer,
  more: Partial<OwnHeaders> = {},
): Promise<Uint8Array> {
  const issued = isSaidAgain(kind) ? { issued: SAID } : {};
  return signOwn({ kind, log: ORIGIN, issuer: ISSUER, subject, ...issued, ...more }, payload, signer);
}

export function policyStatement(
  change: Partial<PolicyDocument> = {},
  signer: Signer = people.admin,
): Promise<Uint8Array> {
  const document = policyDocumentOf(change);
  return ownStatement('policy', ORIGIN, encodePolicy(document), signer, { log: document.origin });
}

/** A policy that may follow the one in the entry `before`. */
export function nextPolicyStatement(
  before: Uint8Array,
  change: Partial<PolicyDocument> = {},
  signer: Signer = people.admin,
): Promise<Uint8Array> {
  return policyStatement({ replaces: digest(sha256(before)), ...change }, signer);
}

export function commitmentStatement(
  subject: string,
  change: Partial<Declaration> = {},
  signer: Signer = people.author,
): Promise<Uint8Array> {
  const payload = encodeCommitment({
    environment: 'test',
    tier: 'background',
    source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
    canon: { profile: 'files/1' },
    tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(subject) },
    scope: { world: 'open' },
    claims: [],
    ...change,
  });
  return ownStatement('commitment', subject, payload, signer);
}

export function approvalStatement(
  subject: string,
  commitment: string,
  signer: Signer = people.approver,
): Promise<Uint8Array> {
  const payload = encodeApproval({ commitment: digest(parseHex(commitment)) });
  return ownStatement('approval', subject, payload, signer);
}

/** A heartbeat: the smallest runtime proof. */
export function proofStatement(
  subject: string,
  commitment: string,
  seq: number,
  prev: string | undefined,
  signer: Signer = people.agent,
): Promise<Uint8Array> {
  const payload = encodeProof({
    commitment: digest(parseHex(commitment)),
    agent: { name: 'agent', version: '0' },
    seq,
    ...(prev === undefined ? {} : { prev: digest(parseHex(prev)) }),
    challenge: {
      origin: ORIGIN,
      size: 1,
      root: hashOf('root'),
      nonce: hashOf('nonce'),
    },
    window: { start: 1_800_000_000, end: 1_800_000_060 },
    results: [],
    cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
    nextDue: 1_800_003_600,
  });
  return ownStatement('proof', subject, payload, signer);
}

/** A statement of no kind of ours. */
export function otherStatement(text: string, signer: Signer = people.submitter): Promise<Uint8Array> {
  return signStatement(
    { issuer: ISSUER, subject: text, contentType: 'text/plain' },
    encodeUtf8(text),
    signer,
  );
}

export const entryIdOf = (entry: Uint8Array): string => sha256(entry).toHex();
