/** What is said again on purpose is new, on every algorithm; what is not new is told to be there already. */
import { sha256 } from '@noble/hashes/sha2.js';
import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { decodeSign1 } from '#src/cose/sign1.ts';
import { twinOf } from '#src/cose/twin.ts';
import { ALGORITHMS, type Algorithm } from '#src/sign/algorithm.ts';
import { isSaidAgain } from '#src/statement/claims.ts';
import { STATEMENT_KINDS } from '#src/statement/kinds.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodeApproval } from '#src/statement/payload.ts';
import { signOwn } from '#src/statement/sign.ts';
import { SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';
import { entryIdOf, ISSUER, ORIGIN, people, policyDocumentOf, policyStatement } from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

const ROLES = ['approver', 'author'] as const;

/** What OpenSSL makes a private key of. */
function rawKey(algorithm: Algorithm, key: Buffer): Parameters<typeof createPrivateKey>[0] {
  if (algorithm === 'ml-dsa-44') return { key, format: 'raw-seed', asymmetricKeyType: algorithm };
  if (algorithm === 'ed25519') return { key, format: 'raw-private', asymmetricKeyType: algorithm };
  return { key, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve: 'P-256' };
}

/** A world in which a key of the algorithm is enrolled, and in a file that --key can take. */
async function worldOf(t: Test, algorithm: Algorithm): Promise<{ w: SeeWorld; key: string }> {
  const w = await SeeWorld.start(t);
  const seed = sha256(new TextEncoder().encode(`said again ${algorithm}`));
  const signer = seedSigner(algorithm, seed);
  const enrolled = { key: signer.publicKey, name: algorithm, roles: ROLES, subjects: ['**'] };
  w.log.entries[0] = await policyStatement({ keys: [...policyDocumentOf().keys, enrolled] });
  const key = join(w.dir, `${algorithm}.pem`);
  const object = createPrivateKey(rawKey(algorithm, Buffer.from(seed)));
  writeFileSync(key, object.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return { w, key };
}

for (const algorithm of ALGORITHMS) {
  t.test(`waive, end, waive again; deploy twice: ${algorithm}`, async (t) => {
    const { w, key } = await worldOf(t, algorithm);
    await w.commit();
    const waive = (until: string) =>
      w.tally(
        'waive',
        SUBJECT,
        'tls-min',
        '--owner',
        'Alice',
        '--reason',
        'r',
        '--until',
        until,
        '--key',
        key,
        '--json',
      );
    const verdict = async () =>
      (await w.tally('status', SUBJECT, '--json')).json.subjects[0].claims[0].verdict;
    // The clock stands still all the while.
    for (const [until, wanted] of [
      ['2027-06-01', 'WAIVED'],
      ['now', 'UNKNOWN'],
      ['2027-06-01', 'WAIVED'],
      ['now', 'UNKNOWN'],
      ['2027-06-01', 'WAIVED'],
    ] as const) {
      const size = w.log.entries.length;
      t.match(await waive(until), { code: 0, json: { index: size, already_logged: false } }, until);
      t.equal(await verdict(), wanted);
    }
    for (let i = 0; i < 2; i++)
      t.match(
        await w.tally('deploy', 'mark', '--subject', SUBJECT, '--version', '1', '--key', key, '--json'),
        { code: 0, json: { index: w.log.entries.length - 1, already_logged: false } },
        'deployed twice in a second',
      );
  });
}

t.test('nobody without the key puts a waiver back', async (t) => {
  const { w, key } = await worldOf(t, 'ecdsa-p256');
  await w.commit();
  const waive = (until: string) =>
    w.tally('waive', SUBJECT, 'tls-min', '--owner', 'Alice', '--reason', 'r', '--until', until, '--key', key);
  t.match(await waive('2027-06-01'), { code: 0, out: /^logged\n/ });
  const first = w.log.entries.at(-1) ?? new Uint8Array();
  w.now += 1;
  t.match(await waive('now'), { code: 0 });
  // A log that took the twin would show it, and nobody would rely on it.
  w.log1(twinOf(decodeSign1(first))?.entry ?? new Uint8Array());
  t.match(await w.tally('status', SUBJECT), { code: 3, err: /entry 4 is entry 2, logged again/ });
});

t.test('a verb says that its statement was there, and what is in force', async (t) => {
  const { w, key } = await worldOf(t, 'ecdsa-p256');
  await w.commit();
  // Between our look and our posting somebody posts the twin of what we say, and the log answers with that.
  const { fetch: ask } = w.log;
  const posted = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (init?.method !== 'POST' || !(init.body instanceof Uint8Array)) return ask(input, init);
    const other = twinOf(decodeSign1(init.body));
    if (other === undefined) throw new Error('no twin');
    w.log1(other.entry);
    const receipt = await ask(`http://log.example/entries/${other.id}`);
    const headers = { location: `/entries/${other.id}` };
    return new Response(await receipt.arrayBuffer(), { status: 201, headers });
  };
  t.intercept(w.log, 'fetch', { value: posted });
  const waive = [
    'waive',
    SUBJECT,
    'tls-min',
    '--owner',
    'Alice',
    '--reason',
    'r',
    '--until',
    '1d',
    '--key',
    key,
  ];
  const told = await w.tally(...waive);
  t.match(told, { code: 0, out: /^already logged, entry 2\nentry {6}/ });
  t.match(told.out, /in force\n.*db\/payments[\s\S]*WAIVED/);
  t.equal(w.log.entries.length, 3);
});

t.test('which kinds say when', async (t) => {
  const payload = encodeApproval({ commitment: digest(new Uint8Array(32)) });
  const base = { log: ORIGIN, issuer: ISSUER, subject: SUBJECT };
  for (const kind of STATEMENT_KINDS) {
    if (kind === 'other') continue;
    const with1 = async () => signOwn({ ...base, kind, issued: 1 }, payload, people.approver);
    const without = async () => signOwn({ ...base, kind }, payload, people.approver);
    await t.rejects(isSaidAgain(kind) ? without() : with1(), RangeError, kind);
  }
  const approvals = await Promise.all(
    [1, 2].map((issued) => signOwn({ ...base, kind: 'approval', issued }, payload, people.approver)),
  );
  t.equal(new Set(approvals.map(entryIdOf)).size, 2);
  t.same(
    approvals.map((each) => parseStatement(each).issued),
    [1, 2],
  );
  t.same(
    approvals.map((each) => parseStatement(each).audience),
    [[ORIGIN], [ORIGIN]],
  );
});
