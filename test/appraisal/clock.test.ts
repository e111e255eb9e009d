/** What time it is for whoever judges claims: a clock that is behind makes nothing green (src/appraisal/clock.ts). */
import t from 'tap';
import { appraise } from '../../src/appraisal/appraise.ts';
import { clockFault, clockOf, MOST_BEHIND } from '../../src/appraisal/clock.ts';
import { historyOf, type SubjectEntry } from '../../src/appraisal/history.ts';
import type { AppraisalContext } from '../../src/appraisal/reports.ts';
import { digest, treeSize } from '../../src/bytes/brand.ts';
import { cosign, openCheckpoint, signCheckpoint } from '../../src/note/checkpoint.ts';
import { formatVkey } from '../../src/note/key.ts';
import { appendSignatures } from '../../src/note/note.ts';
import { parseTrustPolicy } from '../../src/note/trust.ts';
import { encodeCommitment, encodeProof, encodeWaiver } from '../../src/statement/payload.ts';
import type { Verdict } from '../../src/statement/vocabulary.ts';
import { declaration, hashOf, NOW, ORIGIN, signAs, signers } from '../support/statement-examples.ts';
import { seedSigner } from '../support/seed-signer.ts';

const plain = seedSigner('ed25519', hashOf('clock: log'));
const timed = seedSigner('ml-dsa-44', hashOf('clock: log, post-quantum'));
const witnesses = ['w1', 'w2', 'w3'].map((name) => ({ name, signer: seedSigner('ed25519', hashOf(name)) }));
const CHECKPOINT = { origin: ORIGIN, size: treeSize(5), root: hashOf('root'), extensions: [] };

/** A head that the log signed at `own`, and witnesses at these times. */
async function clockUnder(
  { own, cosigned, quorum }: { own: number | undefined; cosigned: readonly number[]; quorum: string },
  machine: number,
) {
  const logs = [
    { name: ORIGIN, type: 1 as const, signer: plain },
    ...(own === undefined ? [] : [{ name: ORIGIN, type: 6 as const, signer: timed }]),
  ];
  const note = await signCheckpoint(CHECKPOINT, logs, own ?? 0);
  const lines = await Promise.all(
    cosigned.map((time, i) => cosign(CHECKPOINT, { ...must(witnesses[i]), type: 4 }, time)),
  );
  const policy = parseTrustPolicy(
    [
      ...logs.map(({ name, type, signer }) => `log ${formatVkey(name, type, signer.publicKey)}`),
      ...witnesses.map(({ name, signer }) => `witness ${name} ${formatVkey(name, 4, signer.publicKey)}`),
      'group two 2 w1 w2 w3',
      `quorum ${quorum}`,
      '',
    ].join('\n'),
  );
  const opened = openCheckpoint(appendSignatures(note, lines), {
    logKeys: policy.logs.map(({ verifier }) => verifier),
    witnessKeys: policy.witnesses.map(({ verifier }) => verifier),
  });
  return clockOf(opened, policy, machine);
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is there');
  return value;
}

t.test('now is no earlier than what the log itself, or a quorum of witnesses, signed', async (t) => {
  const day = 86_400;
  const cases: readonly [string, Parameters<typeof clockUnder>[0], now: number, behind: number][] = [
    ['nobody says', { own: undefined, cosigned: [], quorum: 'none' }, NOW, 0],
    ['the log', { own: NOW + day, cosigned: [], quorum: 'none' }, NOW + day, day],
    ['the log, a little ahead', { own: NOW + MOST_BEHIND, cosigned: [], quorum: 'none' }, NOW + 300, 0],
    ['the log, just too much', { own: NOW + 301, cosigned: [], quorum: 'none' }, NOW + 301, 301],
    ['the log, long ago', { own: NOW - day, cosigned: [], quorum: 'none' }, NOW, 0],
    ['a witness that nobody asks for', { own: undefined, cosigned: [NOW + day], quorum: 'none' }, NOW, 0],
    ['one witness of two', { own: undefined, cosigned: [NOW + day], quorum: 'two' }, NOW, 0],
    ['two of two', { own: undefined, cosigned: [NOW + day, NOW + 900], quorum: 'two' }, NOW + 900, 900],
    [
      'the later two of three',
      { own: undefined, cosigned: [NOW + day, NOW + 900, NOW + 2000], quorum: 'two' },
      NOW + 2000,
      2000,
    ],
  ];
  for (const [name, given, now, behind] of cases) {
    const clock = await clockUnder(given, NOW);
    t.match(clock, { now, behind }, name);
    t.equal(clockFault(clock) !== undefined, behind > 0, name);
  }
  t.match(clockOf(undefined, parseTrustPolicy('quorum none\n'), NOW), { now: NOW, behind: 0 }, 'no head yet');
});

/** Where the one claim stands for a reader, with a proof of this verdict that was made at NOW. */
async function verdictFor(
  verdict: Verdict & ('PROVEN' | 'VIOLATED' | 'CONTRADICTED'),
  reader: Partial<AppraisalContext>,
  waived = false,
) {
  const { approvals: _, ...plainly } = declaration;
  const entries: SubjectEntry[] = [];
  const add = async (kind: 'commitment' | 'proof' | 'waiver', payload: Uint8Array): Promise<SubjectEntry> => {
    const who = kind === 'proof' ? 'agent' : kind === 'waiver' ? 'approver' : 'author';
    const { id, parsed } = await signAs(who, kind, payload, { signer: signers[who] });
    const entry = { index: 10 + entries.length, id, time: NOW, parsed };
    entries.push(entry);
    return entry;
  };
  const { id } = await add('commitment', encodeCommitment(plainly));
  const commitment = digest(Uint8Array.fromHex(id));
  await add(
    'proof',
    encodeProof({
      commitment,
      agent: { name: 'agent', version: '0' },
      seq: 0,
      challenge: { origin: ORIGIN, size: 9, root: hashOf('root'), nonce: new Uint8Array(16) },
      window: { start: NOW - 1, end: NOW },
      population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
      observations: { alg: 'rfc6962-sha256-salted', count: 0, root: hashOf('') },
      coverage: { declared: 2, compared: 1, excluded: 0 },
      results: [{ claim: 'tls-min', verdict, evidence: 'E1', explain: 'it was seen' }],
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: NOW + 3600,
    }),
  );
  if (waived)
    await add(
      'waiver',
      encodeWaiver({ commitment, claims: ['tls-min'], owner: 'A', reason: 'r', notAfter: NOW + 9999 }),
    );
  const [standing] = appraise(historyOf(entries), {
    now: NOW,
    origin: ORIGIN,
    wasHead: () => true,
    outgrownAt: () => NOW,
    revokedSince: () => undefined,
    ...reader,
  });
  return must(standing);
}

t.test('by a clock that is behind nothing is green, and what is red stays', async (t) => {
  t.match(await verdictFor('PROVEN', {}), { verdict: 'PROVEN' });
  t.match(await verdictFor('PROVEN', { behind: 301 }), {
    verdict: 'UNKNOWN',
    explain: /301 s behind .*: set it/,
  });
  t.match(await verdictFor('VIOLATED', { behind: 301 }), { verdict: 'VIOLATED' });
  t.match(await verdictFor('CONTRADICTED', { behind: 301 }), { verdict: 'CONTRADICTED' });
  t.match(await verdictFor('PROVEN', { behind: 301, revokedSince: () => 11 }), { verdict: 'REVOKED' });
  t.match(await verdictFor('PROVEN', { behind: 301, now: NOW + 86_400 }), { verdict: 'STALE' });
  t.match(await verdictFor('VIOLATED', {}, true), { verdict: 'WAIVED' });
  t.match(await verdictFor('VIOLATED', { behind: 301 }, true), { verdict: 'VIOLATED' }, 'it may have ended');
});

t.test(
  "a proof's own times count for that proof alone, and one from beyond the head is not believed",
  async (t) => {
    t.match(await verdictFor('PROVEN', { now: NOW - 300 }), { verdict: 'PROVEN' }, 'clocks differ');
    t.match(await verdictFor('PROVEN', { now: NOW - 301 }), {
      verdict: 'UNKNOWN',
      explain: /301 s behind the proof/,
    });
    t.match(await verdictFor('VIOLATED', { now: NOW - 301 }), { verdict: 'VIOLATED' });
    t.match(await verdictFor('PROVEN', { headTime: NOW - 300 }), { verdict: 'PROVEN' });
    t.match(await verdictFor('PROVEN', { headTime: NOW - 301 }), {
      verdict: 'UNKNOWN',
      doubted: true,
      explain: /made after it was logged/,
    });
  },
);
