/** Somebody posts the other spelling of a statement before us: every verb goes on with the entry that the log has. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { concatBytes } from '#src/bytes/compare.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { run } from '#src/cli/main.ts';
import { splitSequence } from '#src/client/batch.ts';
import { entryIdOf } from '#src/client/scrapi.ts';
import { signStatement } from '#src/cose/statement.ts';
import type { Role } from '#src/statement/policy.ts';
import { twin } from '../support/p256-twin.ts';
import { commitmentStatement, policyDocumentOf, policyStatement } from '../support/world.ts';
import { dataIn, keyIn, serveLog, startLog } from '../support/running-log.ts';
import { SeeWorld } from './support/see-world.ts';
import { seedSigner } from '../support/seed-signer.ts';

const hsm = seedSigner('ecdsa-p256', new Uint8Array(32).fill(7));
const roles: readonly Role[] = ['admin', 'author', 'approver', 'submitter'];
const withHsm = [...policyDocumentOf().keys, { key: hsm.publicKey, name: 'HSM', roles, subjects: ['**'] }];

/** A log of the command line, running here; `before` sees what is posted first. */
async function running(t: Test) {
  const cwd = t.testdir();
  const world = { env: { XDG_STATE_HOME: cwd }, cwd, now: () => Date.now() };
  let before: ((body: Uint8Array, type: string | null) => Promise<void>) | undefined;
  const spied: typeof fetch = async (input, init) => {
    const { body } = init ?? {};
    if (init?.method === 'POST' && body instanceof Uint8Array)
      await before?.(body, new Headers(init.headers).get('content-type'));
    return fetch(input, init);
  };
  const tally = async (...argv: string[]) => {
    let [out, err] = ['', ''];
    const code = await run(argv, {
      ...world,
      fetch: spied,
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    });
    const last = out.trimEnd().split('\n').at(-1) ?? '';
    return { code, out, err, json: argv.includes('--json') && last !== '' ? JSON.parse(last) : {} };
  };
  const ok = async (...argv: string[]) => {
    const told = await tally(...argv);
    if (told.code !== 0) t.fail(`${argv.join(' ')}: ${told.err}${told.out}`);
    return told;
  };
  await ok('init', '--origin', 'log.example/twin');
  const log = await startLog(t, dataIn(cwd), 'log.example/twin', 1000);
  const url = await serveLog(t, log, { baseUrl: 'https://log.example' });
  const post = (body: Uint8Array, type = 'application/cose') =>
    fetch(`${url}/entries`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Uint8Array(body),
    });
  const spy = async <T>(how: typeof before, work: () => Promise<T>): Promise<T> => {
    before = how;
    try {
      return await work();
    } finally {
      before = undefined;
    }
  };
  /** Runs with somebody before us who posts the twin of what we post. Gives the ids that were posted so. */
  const twinned = async <T>(work: () => Promise<T>): Promise<{ told: T; ids: readonly string[] }> => {
    const ids: string[] = [];
    const told = await spy(async (body) => {
      for (const each of splitSequence(body)) {
        const other = twin(each);
        ids.push(entryIdOf(other));
        const { status } = await post(other);
        if (status !== 201) t.fail(`the twin: ${status}`);
      }
    }, work);
    return { told, ids };
  };
  return { cwd, url, log, ok, tally, post, twinned };
}

t.test('every verb goes on with the entry that somebody logged first', async (t) => {
  const { cwd, url, log, ok, tally, twinned } = await running(t);
  const key = async (name: string, ...roles: string[]): Promise<void> => {
    await ok('keygen', '--algorithm', 'p256', '--out', `${name}.pem`);
    const asked = roles.flatMap((role) => ['--role', role]);
    await ok('policy', 'enrol', `${name}.pem`, '--name', name, ...asked, '--log', url);
  };
  await key('root', 'admin');
  await key('ci', 'author', 'submitter');
  await key('alice', 'approver');
  await key('robot', 'agent');
  const files = (text: string): void => writeFileSync(join(cwd, 'app.json'), text);
  const commit = [
    'commit',
    'json',
    'app.json',
    '--subject',
    'web',
    '--key',
    'ci.pem',
    '--log',
    url,
    '--json',
  ];
  const size = () => log.reader.head().size;
  /** Runs a verb behind a twin: one entry more, and what the verb says of it is its id and its index. */
  const takes = async (what: string, ...argv: string[]): Promise<string> => {
    const before = size();
    const { told, ids } = await twinned(() => tally(...argv, '--log', url, '--json'));
    t.equal(told.code, 0, `${what}: ${told.err}`);
    t.equal(size(), before + 1, `${what}: one entry`);
    t.match(told.json, { entry: ids[0], index: before }, what);
    return ids[0] ?? '';
  };

  files('{"a": 1}');
  const first = await takes('commit', ...commit.slice(0, -3), '--approvals', '1');
  t.equal(
    (await ok('verify', 'tallystick-proofs/web', '--strict', '--policy', 'tallystick-data/trust.policy'))
      .code,
    0,
  );
  await takes('approve', 'approve', 'web', '--yes', '--key', 'alice.pem');
  files('{"a": 2}');
  const second = await ok(...commit, '--approvals', '1');
  t.match(second.json, { supersedes: first }, 'what is superseded is the logged entry');
  t.match(await ok(...commit, '--approvals', '1'), {
    json: { already_logged: true, entry: second.json.entry },
  });
  await ok('approve', 'web', '--yes', '--key', 'alice.pem', '--log', url);
  await takes('deploy', 'deploy', 'mark', '--subject', 'web', '--key', 'ci.pem');
  await takes('withdraw', 'withdraw', 'web', '--key', 'ci.pem');
  await takes(
    'policy',
    'policy',
    'enrol',
    'alice.pem',
    '--name',
    'Alice',
    '--role',
    'approver',
    '--replace',
    '--key',
    'root.pem',
  );

  const signer = keyIn(join(cwd, 'ci.pem'));
  const made = await Promise.all(
    ['x', 'y', 'z'].map((subject) =>
      signStatement({ issuer: 'i', subject, contentType: 'text/plain' }, encodeUtf8(subject), signer),
    ),
  );
  writeFileSync(join(cwd, 'many.cborseq'), concatBytes(...made));
  writeFileSync(
    join(cwd, 'one.cose'),
    await signStatement({ issuer: 'i', subject: 'one', contentType: 'text/plain' }, encodeUtf8('1'), signer),
  );
  for (const file of ['many.cborseq', 'one.cose']) {
    const { told, ids } = await twinned(() =>
      tally('submit', file, '--out', 'receipts', '--log', url, '--json'),
    );
    t.equal(told.code, 0, told.err);
    t.same(
      told.json.results.map(({ entry }: { entry: string }) => entry),
      ids,
      file,
    );
    for (const id of ids) {
      const bytes = readFileSync(join(cwd, 'receipts', `${id}.cose`));
      t.equal(entryIdOf(bytes), id, 'what is kept is what the receipt is over');
    }
  }
  t.equal((await tally('fsck', url, '--policy', 'tallystick-data/trust.policy')).code, 0);
});

t.test('readers do not rely on a log with a twin', async (t) => {
  const world = await SeeWorld.start(t);
  world.log.entries[0] = await policyStatement({ keys: withHsm });
  const statement = await commitmentStatement('web', {}, hsm);
  world.log1(statement);
  t.equal((await world.tally('registry', 'show', 'web')).code, 0);
  world.log1(twin(statement));
  const refused = { code: 3, err: /entry 2 is entry 1, logged again/ };
  for (const verb of [
    ['status', 'web'],
    ['registry', 'show', 'web'],
    ['status', 'web', '--full'],
  ])
    t.match(await world.tally(...verb), refused, verb.join(' '));
  const ruled = await SeeWorld.start(t);
  const policy = await policyStatement({ keys: withHsm, selfProof: true }, hsm);
  const later = await policyStatement({ keys: withHsm });
  ruled.log.entries = [await policyStatement({ keys: withHsm, open: true })];
  for (const each of [policy, later, twin(policy), statement]) ruled.log1(each);
  t.match(await ruled.tally('status', 'web'), { code: 3, err: /entry 3 is entry 1, logged again/ });
});
