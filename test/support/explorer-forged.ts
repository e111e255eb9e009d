/** What a lying server says of all subjects, careful or careless, and logs with keys that nobody should go by. */
import { badnessOf } from '#src/appraisal/gate.ts';
import { encodeCommitment, encodePolicy } from '#src/statement/payload.ts';
import { digest } from '#src/bytes/brand.ts';
import type { OpenedLeaves } from '#src/declare/leafopening.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import type { OverviewJson, OverviewRow } from '#src/explorer/shared/overview.ts';
import { ownersOf, prefixesOf, totalsOf } from '#src/explorer/shared/totals.ts';
import { formatVkey } from '#src/note/key.ts';
import type { Signer } from '#src/sign/signer.ts';
import { ENTRY_DEFINITION, RULES } from '#src/statement/policy.ts';
import { signOwn } from '#src/statement/sign.ts';
import type { Lie } from './explorer-lies.ts';
import { headKeysOf, ORIGIN, SHOP } from './explorer-world.ts';
import { declarationOf, owned } from './opened-leaves.ts';
import { seedSigner } from './seed-signer.ts';

type Change = (told: OverviewJson) => OverviewJson;

/** The answer about all subjects, changed. */
export function overviewLie(change: Change): Lie {
  return async (path, honest) => {
    if (!path.startsWith('/v1/overview')) return undefined;
    const answered = await honest(path);
    return answered.ok ? Response.json(change((await answered.json()) as OverviewJson)) : answered;
  };
}

/** A careful liar: counts and order are those of the rows that it says. */
export function carefully(change: (rows: readonly OverviewRow[]) => readonly OverviewRow[]): Lie {
  return overviewLie((told) => {
    const rows = change(told.rows).toSorted((a, b) => rank(a) - rank(b));
    return { ...told, rows, ...totalsOf(rows), prefixes: prefixesOf(rows, ''), owners: ownersOf(rows) };
  });
}

function rank({ verdict, hidden }: OverviewRow): number {
  return badnessOf({ verdict, hidden: hidden ?? undefined });
}

/** A row, and each of its claims, as PROVEN. */
export function proven(row: OverviewRow): OverviewRow {
  const claims = row.claims.map((each) => ({ ...each, verdict: 'PROVEN' as const, hidden: null }));
  return { ...row, verdict: 'PROVEN', hidden: null, fault: null, claims };
}

/** A key of small order, and the signature that lax verifiers accept under it for every message. */
export const SMALL: Signer = {
  publicKey: { algorithm: 'ed25519', bytes: Uint8Array.of(1, ...new Uint8Array(31)) },
  sign: async () => Uint8Array.of(1, ...new Uint8Array(63)),
};
export const P256 = seedSigner('ecdsa-p256', new Uint8Array(32).fill(7));
const ADMIN = seedSigner('ed25519', new Uint8Array(32).fill(8));

/** Entry 0 of a log with this world's keys, whose policy enrols these authors; and a commitment of each. */
export async function logOf(data: string, authors: readonly Signer[]): Promise<readonly Uint8Array[]> {
  const payload = encodeCommitment(declarationOf(owned({ '/x': '1' })));
  const said = authors.map((author) => ownStatement(data, 'commitment', SHOP, payload, author));
  return [await policyOf(data, authors), ...(await Promise.all(said))];
}

/** Two commitments about one subject, the second in place of the first, to these leaves. */
export async function twice(
  data: string,
  [before, after]: readonly [OpenedLeaves, OpenedLeaves],
): Promise<readonly Uint8Array[]> {
  const first = encodeCommitment(declarationOf(before));
  const one = await ownStatement(data, 'commitment', SHOP, first, P256);
  const second = encodeCommitment(declarationOf(after, { supersedes: digest(sha256(one)) }));
  return [await policyOf(data, [P256]), one, await ownStatement(data, 'commitment', SHOP, second, P256)];
}

function ownStatement(
  data: string,
  kind: 'policy' | 'commitment',
  subject: string,
  payload: Uint8Array,
  by: Signer,
): Promise<Uint8Array> {
  return signOwn({ kind, log: ORIGIN, issuer: headKeysOf(data).issuer, subject, confirm: true }, payload, by);
}

function policyOf(data: string, authors: readonly Signer[]): Promise<Uint8Array> {
  const { checkpoint, receipt } = headKeysOf(data);
  const vkeys = checkpoint.map(({ name, type, signer }) => formatVkey(name, type, signer.publicKey));
  const keys = [
    { key: ADMIN.publicKey, name: 'admin', roles: ['admin' as const], subjects: ['**'] },
    ...authors.map(({ publicKey: key }, i) => ({
      key,
      name: `author ${i}`,
      roles: ['author' as const],
      subjects: ['**'],
    })),
  ];
  const policy = encodePolicy({
    rules: RULES,
    origin: ORIGIN,
    open: false,
    entry: ENTRY_DEFINITION,
    log: { vkeys, receiptKeys: [receipt.publicKey] },
    keys,
    selfProof: false,
    limits: { entryBytes: 65_535 },
  });
  return ownStatement(data, 'policy', ORIGIN, policy, ADMIN);
}
