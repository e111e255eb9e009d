/**
 * The log that spec/vectors.json is about: who signs, and the five statements they sign, each of them from
 * fixed seeds and the same every time.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeCbor } from '#src/bytes/cbor.ts';
import { digest, leafIndex, treeSize, type Digest } from '#src/bytes/brand.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { signStatement } from '#src/cose/statement.ts';
import { formatVkey, type NoteSigner } from '#src/note/key.ts';
import type { Signer } from '#src/sign/signer.ts';
import { isSaidAgain } from '#src/statement/claims.ts';
import { encodeApproval, encodeCommitment, encodePolicy, encodeProof } from '#src/statement/payload.ts';
import { ENTRY_DEFINITION, RULES } from '#src/statement/policy.ts';
import { declarationTree, leafSalt, openLeaf, SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { hashLeaf, hashNode } from '#src/tree/hash.ts';
import { proveConsistency, proveInclusion, rootAt } from '#src/tree/prove.ts';

import { signOwn } from '#src/statement/sign.ts';
import { seedSigner } from './seed-signer.ts';

export const ORIGIN = 'log.example/tally';
export const ISSUER = 'https://log.example';
/** POSIX seconds of every batch, checkpoint and receipt here: 2027-01-15. */
export const TIME = 1_800_000_000;
const SUBJECT = 'prod/web';

export const seedOf = (name: string): Uint8Array => sha256(encodeUtf8(`tallystick vectors: ${name}`));

export const signers = {
  checkpointEd25519: seedSigner('ed25519', seedOf('checkpointEd25519')),
  checkpointMlDsa44: seedSigner('ml-dsa-44', seedOf('checkpointMlDsa44')),
  receipt: seedSigner('ed25519', seedOf('receipt')),
  admin: seedSigner('ed25519', seedOf('admin')),
  author: seedSigner('ed25519', seedOf('author')),
  approver: seedSigner('ed25519', seedOf('approver')),
  agent: seedSigner('ed25519', seedOf('agent')),
  submitter: seedSigner('ecdsa-p256', seedOf('submitter')),
  witness: seedSigner('ed25519', seedOf('witness')),
} as const;

export const logLines = [
  { name: ORIGIN, type: 1, signer: signers.checkpointEd25519 },
  { name: ORIGIN, type: 6, signer: signers.checkpointMlDsa44 },
] as const satisfies readonly NoteSigner[];
export const witnessLine = { name: 'witness.example/w1', type: 4, signer: signers.witness } as const;
export const vkeyOf = ({ name, type, signer }: NoteSigner): string =>
  formatVkey(name, type, signer.publicKey);

/** Signs a statement as one of ours. */
function statement(
  kind: 'policy' | 'commitment' | 'approval' | 'proof',
  payload: Uint8Array,
  signer: Signer,
  issuer: string,
  subject: string,
): Promise<Uint8Array> {
  const issued = isSaidAgain(kind) ? { issued: TIME } : {};
  return signOwn({ kind, log: ORIGIN, issuer, subject, ...issued }, payload, signer);
}

function policy(): Promise<Uint8Array> {
  const enrol = (name: keyof typeof signers, role: 'admin' | 'author' | 'approver' | 'agent' | 'submitter') =>
    ({ key: signers[name].publicKey, name, roles: [role], subjects: ['**'] }) as const;
  const payload = encodePolicy({
    rules: RULES,
    origin: ORIGIN,
    open: false,
    entry: ENTRY_DEFINITION,
    log: { vkeys: logLines.map(vkeyOf), receiptKeys: [signers.receipt.publicKey] },
    keys: [
      enrol('admin', 'admin'),
      enrol('author', 'author'),
      enrol('approver', 'approver'),
      enrol('agent', 'agent'),
      enrol('submitter', 'submitter'),
    ],
    selfProof: false,
    limits: { entryBytes: 65_535 },
  });
  return statement('policy', payload, signers.admin, ORIGIN, ORIGIN);
}

function commitment(): Promise<Uint8Array> {
  const saltKey = seedOf('salts');
  const settings = ['server_tokens off', 'ssl_protocols TLSv1.3'];
  const declared = declarationTree(
    settings.map((line, i) => {
      const [path = '', value = ''] = line.split(' ');
      return { salt: leafSalt(saltKey, i), path, value: encodeCbor(value) };
    }),
  );
  const payload = encodeCommitment({
    environment: 'prod',
    tier: 'critical-path',
    source: { kind: 'nginx', tool: 'tallystick', toolVersion: '0.1.0' },
    canon: { profile: 'nginx/1' },
    tree: { alg: SALTED_TREE, leaves: declared.count, root: declared.root },
    scope: { world: 'open' },
    claims: [
      {
        id: 'tls-min',
        expr: 'o.tls.accepted.all(version, version in p.versions.split(" "))',
        probe: 'tls@1',
        params: new Map([['versions', 'TLSv1.3']]),
        declared: new Map([['versions', 'ssl_protocols']]),
        minEvidence: 'E1',
        cadence: 3600,
        severity: 'critical',
      },
    ],
    approvals: 1,
    openings: [openLeaf(declared, 1)],
  });
  return statement('commitment', payload, signers.author, 'https://ci.example', SUBJECT);
}

function approval(commitmentId: Uint8Array): Promise<Uint8Array> {
  const payload = encodeApproval({ commitment: digest(commitmentId) });
  return statement('approval', payload, signers.approver, 'https://people.example/alice', SUBJECT);
}

/** A heartbeat, challenged by the head of the three entries before it. */
function proof(commitmentId: Uint8Array, root: Digest): Promise<Uint8Array> {
  const payload = encodeProof({
    commitment: digest(commitmentId),
    agent: { name: 'agent 1', version: '0.1.0' },
    seq: 0,
    challenge: { origin: ORIGIN, size: 3, root, nonce: seedOf('nonce') },
    window: { start: TIME, end: TIME + 60 },
    results: [],
    cost: { cpuUs: 2_100, wallUs: 15_000, bytes: 0 },
    nextDue: TIME + 3600,
  });
  return statement('proof', payload, signers.agent, 'https://agent.example', SUBJECT);
}

/** A statement of no kind of ours, with P-256, as a hash envelope (RFC 9995). */
function other(): Promise<Uint8Array> {
  const headers = {
    issuer: 'https://ci.example',
    subject: 'release/1.0.0',
    hashEnvelope: { preimageContentType: 'application/gzip' },
  };
  return signStatement(headers, sha256(encodeUtf8('release 1.0.0')), signers.submitter);
}

/** A tree over some leaves, by its definition. */
export class SmallTree {
  readonly leaves: readonly Digest[];
  constructor(leaves: readonly Digest[]) {
    this.leaves = leaves;
  }
  readonly node = (height: number, index: number): Digest => {
    const leaf = this.leaves[index];
    if (height === 0 && leaf !== undefined) return leaf;
    return hashNode(this.node(height - 1, 2 * index), this.node(height - 1, 2 * index + 1));
  };
  root(size = this.leaves.length): Digest {
    return rootAt(this.node, treeSize(size));
  }
  inclusion(index: number, size = this.leaves.length): Digest[] {
    return proveInclusion(this.node, leafIndex(index), treeSize(size));
  }
  consistency(from: number, to = this.leaves.length): Digest[] {
    return proveConsistency(this.node, treeSize(from), treeSize(to));
  }
  tile(level: number, index: number, width: number): Uint8Array {
    return concatBytes(...Array.from({ length: width }, (_, i) => this.node(8 * level, 256 * index + i)));
  }
}

/** The five entries of the log. */
export async function makeEntries(): Promise<readonly Uint8Array[]> {
  const first = [await policy(), await commitment()];
  const commitmentId = sha256(first[1] ?? new Uint8Array());
  const three = [...first, await approval(commitmentId)];
  const root = new SmallTree(three.map(hashLeaf)).root();
  return [...three, await proof(commitmentId, root), await other()];
}
