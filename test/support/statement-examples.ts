/**
 * The worked examples of spec/statements.md: a log of five entries, one of each kind, made from fixed
 * seeds. Everything is deterministic, so the document can be compared with it byte for byte.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, entryId, type Digest, type EntryId } from '#src/bytes/brand.ts';
import { encodeCbor, type CborValue } from '#src/bytes/cbor.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { formatVkey } from '#src/note/key.ts';
import type { Signer } from '#src/sign/signer.ts';
import { parseStatement, type ParsedStatement } from '#src/statement/parse.ts';
import type { Declaration } from '#src/statement/commitment.ts';
import { type StatementKind } from '#src/statement/kinds.ts';
import type { StaleNotice } from '#src/statement/notice.ts';
import { isSaidAgain } from '#src/statement/claims.ts';
import {
  encodeApproval,
  encodeCommitment,
  encodeDeployment,
  encodeNotice,
  encodeWaiver,
  encodePolicy,
  encodeProof,
} from '#src/statement/payload.ts';
import { ENTRY_DEFINITION, RULES, type PolicyDocument } from '#src/statement/policy.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { declarationTree, leafSalt, openLeaf, saltedTree, SALTED_TREE } from '#src/statement/saltedleaf.ts';

import { signOwn } from '#src/statement/sign.ts';
import { seedSigner } from './seed-signer.ts';

export const ORIGIN = 'log.example/config';
export const SUBJECT = 'prod/payments/db';
/** When the example happens, POSIX seconds. */
export const NOW = 1_795_000_000;

/** SHA-256 of a text: seeds and digests of the examples. */
export const hashOf = (text: string): Digest => digest(sha256(encodeUtf8(text)));
export const signers = {
  log: seedSigner('ed25519', hashOf('tallystick example: log')),
  receipt: seedSigner('ed25519', hashOf('tallystick example: receipt')),
  admin: seedSigner('ed25519', hashOf('tallystick example: admin')),
  author: seedSigner('ed25519', hashOf('tallystick example: author')),
  approver: seedSigner('ed25519', hashOf('tallystick example: approver')),
  agent: seedSigner('ed25519', hashOf('tallystick example: agent')),
  monitor: seedSigner('ed25519', hashOf('tallystick example: monitor')),
} as const;
export type Who = keyof typeof signers;

export const kidOf = (who: Who): Digest => digest(keyThumbprint(signers[who].publicKey));

export const policy: PolicyDocument = {
  rules: RULES,
  origin: ORIGIN,
  open: false,
  entry: ENTRY_DEFINITION,
  log: {
    vkeys: [formatVkey(ORIGIN, 1, signers.log.publicKey)],
    receiptKeys: [signers.receipt.publicKey],
  },
  keys: [
    { key: signers.admin.publicKey, name: 'admin', roles: ['admin'], subjects: ['**'] },
    { key: signers.author.publicKey, name: 'payments CI', roles: ['author'], subjects: ['prod/payments/**'] },
    { key: signers.approver.publicKey, name: 'Alice', roles: ['approver'], subjects: ['prod/**'] },
    {
      key: signers.agent.publicKey,
      name: 'agent 1',
      roles: ['agent'],
      subjects: ['prod/*/db'],
      maxBytes: 16_384,
    },
    { key: signers.monitor.publicKey, name: 'monitor', roles: ['monitor'], subjects: ['**'] },
  ],
  selfProof: false,
  limits: { entryBytes: 65_535 },
};

const saltKey = hashOf('tallystick example: salts');
const settings: readonly (readonly [string, string])[] = [
  ['ssl', 'on'],
  ['ssl_min_protocol_version', 'TLSv1.3'],
];
export const declarationLeaves = settings.map(([path, value], i) => ({
  salt: leafSalt(saltKey, i),
  path,
  value: encodeCbor(value),
}));
const declared = declarationTree(declarationLeaves);

export const declaration: Declaration = {
  environment: 'prod',
  tier: 'critical-path',
  source: {
    kind: 'postgresql-conf',
    tool: 'tallystick',
    toolVersion: '0.1.0',
    git: { commit: '3b18e512dba79e4c8300dd08aeb37f8e728b8dad', dirty: false },
  },
  canon: { profile: 'postgresql-conf/1', excluded: [{ path: 'log_directory', reason: 'differs per host' }] },
  tree: { alg: SALTED_TREE, leaves: declared.count, root: declared.root },
  scope: { world: 'open' },
  claims: [
    {
      id: 'tls-min',
      title: 'Accepts no version below the declared one',
      expr: 'o.tls.accepted.all(version, version >= p.minimum)',
      probe: 'tls@1',
      params: new Map<string, string | number>([
        ['preamble', 'postgres'],
        ['port', 5432],
        ['minimum', 'TLSv1.3'],
      ]),
      declared: new Map([['minimum', 'ssl_min_protocol_version']]),
      minEvidence: 'E1',
      cadence: 3600,
      deadline: 300,
      grace: 1,
      severity: 'critical',
      controls: [{ framework: 'SOC2-2017', id: 'CC6.7' }],
    },
  ],
  approvals: 1,
  change: { ticket: 'CHG-1' },
  openings: [openLeaf(declared, 1)],
};

/** The agent saw the server accept TLS 1.2, which the file forbids; the second of two observations. */
const seen = saltedTree([
  { salt: leafSalt(saltKey, 100), path: 'tls/TLSv1.3', value: encodeUtf8('accepted') },
  { salt: leafSalt(saltKey, 101), path: 'tls/TLSv1.2', value: encodeUtf8('accepted') },
]);

const proofOf = (commitment: Digest): RuntimeProof => ({
  commitment,
  agent: { name: 'agent 1', version: '0.1.0', vantage: 'prod/eu-1' },
  seq: 0,
  challenge: { origin: ORIGIN, size: 3, root: hashOf('root at 3'), nonce: hashOf('nonce').subarray(0, 16) },
  window: { start: NOW + 60, end: NOW + 61 },
  population: { source: 'tls versions', total: 2, sampled: 2, method: 'all' },
  observations: {
    alg: SALTED_TREE,
    count: seen.count,
    root: seen.root,
    byVerdict: new Map([
      ['allow', 1],
      ['deny', 1],
    ]),
  },
  results: [
    {
      claim: 'tls-min',
      verdict: 'CONTRADICTED',
      evidence: 'E1',
      leaves: [1],
      explain: 'postgresql.conf says TLSv1.3, the server accepts TLSv1.2',
    },
  ],
  disclosed: [openLeaf(seen, 1)],
  coverage: { declared: 2, compared: 1, excluded: 0 },
  cost: { cpuUs: 4, wallUs: 31, bytes: 5120 },
  nextDue: NOW + 3660,
});

const noticeOf = (commitment: Digest, last: Digest): StaleNotice => ({
  topic: 'stale',
  since: NOW + 7260,
  checkpoint: { origin: ORIGIN, size: 4, root: hashOf('root at 4') },
  reason: 'no proof of tls-min since seq 0; one was due an hour ago',
  about: commitment,
  claim: 'tls-min',
  agent: kidOf('agent'),
  due: NOW + 3660,
  last: { seq: 0, id: last },
});

export interface Example {
  readonly kind: Exclude<StatementKind, 'other'>;
  readonly who: Who;
  readonly bytes: Uint8Array;
  readonly id: EntryId;
  readonly parsed: ParsedStatement;
}

/** Signs one statement as one of the example's people. */
export async function signAs(
  who: Who,
  kind: Exclude<StatementKind, 'other'>,
  payload: Uint8Array,
  more: { subject?: string; issuer?: string; signer?: Signer; confirm?: boolean } = {},
): Promise<Example> {
  const {
    subject = SUBJECT,
    issuer = `https://${who}.example`,
    signer = signers[who],
    confirm = false,
  } = more;
  const issued = isSaidAgain(kind) ? { issued: NOW } : {};
  const bytes = await signOwn({ kind, log: ORIGIN, issuer, subject, confirm, ...issued }, payload, signer);
  return { kind, who, bytes, id: entryId(sha256(bytes).toHex()), parsed: parseStatement(bytes) };
}

const idBytes = (example: Example): Digest => digest(Uint8Array.fromHex(example.id));

/** The seven entries, in the order of the log. */
export async function exampleLog(): Promise<
  readonly [Example, Example, Example, Example, Example, Example, Example]
> {
  const genesis = await signAs('admin', 'policy', encodePolicy(policy), { subject: ORIGIN });
  const commitment = await signAs('author', 'commitment', encodeCommitment(declaration));
  const commitmentId = idBytes(commitment);
  const approval = await signAs('approver', 'approval', encodeApproval({ commitment: commitmentId }));
  const proof = await signAs('agent', 'proof', encodeProof(proofOf(commitmentId)));
  const notice = await signAs('monitor', 'notice', encodeNotice(noticeOf(commitmentId, idBytes(proof))));
  const waiver = await signAs(
    'approver',
    'waiver',
    encodeWaiver({
      commitment: commitmentId,
      claims: ['tls-min'],
      owner: 'Alice',
      reason: 'the old terminal speaks TLS 1.2 until its replacement on 1 December',
      notAfter: NOW + 86_400,
    }),
  );
  const deployment = await signAs(
    'author',
    'deployment',
    encodeDeployment({ commitment: commitmentId, deployed: NOW + 120, version: '2026.11.3' }),
  );
  return [genesis, commitment, approval, proof, notice, waiver, deployment];
}

/** CBOR diagnostic notation (RFC 8949 §8), one map entry a line. */
export function diagnostic(value: CborValue, indent = ''): string {
  const deeper = `${indent}  `;
  const block = (open: string, rows: string[], close: string): string =>
    rows.length === 0
      ? open + close
      : `${open}\n${rows.map((row) => deeper + row).join(',\n')}\n${indent}${close}`;
  if (value instanceof Uint8Array) return `h'${value.toHex()}'`;
  if (value instanceof Map) {
    const rows = [...value].map(([key, each]) => `${JSON.stringify(key)}: ${diagnostic(each, deeper)}`);
    return block('{', rows, '}');
  }
  if (Array.isArray(value))
    return block(
      '[',
      value.map((each: CborValue) => diagnostic(each, deeper)),
      ']',
    );
  return JSON.stringify(value);
}
