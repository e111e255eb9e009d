/** `tallystick policy`, in this process, against a log in memory. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeUtf8, formatBase64 } from '#src/bytes/text.ts';
import { run } from '#src/cli/main.ts';
import { formatEditable, parseEditable } from '#src/policy/editable.ts';
import { formatTime } from '#src/bytes/time.ts';
import { parseDate } from '#src/registration/time.ts';
import { encodeCoseKey, kidOf } from '#src/cose/key.ts';
import { parsePublicKey } from '#src/keys/public.ts';
import { SSH_ED25519 } from '#src/keys/sshwire.ts';
import { headSigner } from '#src/log/headsigner.ts';
import { formatVkey } from '#src/note/key.ts';
import { parseStatement } from '#src/statement/parse.ts';
import type { PolicyDocument } from '#src/statement/policy.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { digest, entryId } from '#src/bytes/brand.ts';
import { sshString } from '#src/bytes/ssh-string.ts';
import { BASE, ServedLog, TIME } from '../support/served-log.ts';
import {
  commitmentStatement,
  entryIdOf,
  headKeys,
  ORIGIN,
  otherStatement,
  people,
  nextPolicyStatement,
  policyDocumentOf,
  vkeys,
} from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape of --json is what is tested
  readonly json: any;
}

/** An admin with a folder, the key of their role where `init` puts it, and the log's verifier keys. */
async function admin(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-policy-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'keys'));
  const at = (name: string): string => join(dir, name);
  const put = (name: string, text: string | Uint8Array, mode = 0o644): string => {
    writeFileSync(at(name), text, { mode });
    return name;
  };
  put('log.vkey', vkeys.join('\n'));
  for (const role of ['admin', 'author', 'second'])
    put(`keys/${role}.pem`, pemOf(`tallystick test ${role}`), 0o600);
  const log = await ServedLog.start();
  const policy = async (...argv: string[]): Promise<Told> => {
    let [out, err] = ['', ''];
    const code = await run(['policy', ...argv], {
      env: {
        XDG_STATE_HOME: dir,
        TALLYSTICK_LOG: BASE,
        TALLYSTICK_VKEY: 'log.vkey',
        TALLYSTICK_DATA_DIR: dir,
      },
      cwd: dir,
      fetch: log.fetch,
      now: () => TIME * 1000,
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    });
    return { code, out, err, json: argv.includes('--json') && out !== '' ? JSON.parse(out) : undefined };
  };
  const now = (): PolicyDocument => {
    const last = log.entries.findLast((entry) => parseStatement(entry).kind === 'policy');
    const parsed = parseStatement(last ?? new Uint8Array());
    if (parsed.kind !== 'policy') throw new Error('no policy');
    return parsed.policy.document;
  };
  return { log, policy, put, at, now };
}

const keyObject = (name: string) =>
  createPrivateKey({
    key: Buffer.from(sha256(encodeUtf8(name))),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
const pemOf = (name: string): string => keyObject(name).export({ format: 'pem', type: 'pkcs8' });
const second = seedSigner('ed25519', sha256(encodeUtf8('tallystick test second'))).publicKey;
const SECOND_SSH = `ssh-ed25519 ${formatBase64(concatBytes(sshString(SSH_ED25519), sshString(second.bytes)))} second@example`;

t.test('show, edit, set', async (t) => {
  const { log, policy, put, now } = await admin(t);
  log.entries.push(await commitmentStatement('something else'));
  const shown = await policy('show');
  t.equal(shown.code, 0, shown.err);
  t.match(shown.out, /^# Registration policy of log\.example\/tally, .*\n# entry 0 of 2, verified/);
  t.match(shown.out, /^ {4}roles: \[ author \]$/m);
  t.match(shown.out, new RegExp(`^    - \\S+ # kid ${kidOf(headKeys.receipt.publicKey)}$`, 'm'));
  t.match(await policy('show', '--yaml'), { code: 0, out: shown.out });
  t.match(await policy('show', '--yaml', '--json'), { code: 1, err: /either/ });
  const { json } = await policy('show', '--json');
  t.match(json, {
    schema: 'tallystick.policy-show.v1',
    index: 0,
    verified: true,
    policy: {
      base: json.entry,
      origin: ORIGIN,
      keys: [{ name: 'admin', kid: kidOf(people.admin.publicKey) }],
    },
  });
  t.match(
    await policy('set', put('same.yaml', shown.out)),
    { code: 0, out: /policy in force; nothing/ },
    'what it prints, it reads',
  );
  t.match(await policy('set', put('same.json', JSON.stringify(json.policy)), '--json'), {
    code: 0,
    json: { schema: 'tallystick.policy-set.v1', changed: false, difference: [], entry: null, exit_code: 0 },
  });
  t.equal(log.entries.length, 2, 'nothing was logged');

  const edited = shown.out
    .replace('selfProof: false', 'selfProof: false\napprovals: 2')
    .replace(
      '[ monitor ]',
      '[ monitor ]\n    issuer: https://m.example\n    maxBytes: 4096\n    notBefore: 2020-01-01\n    notAfter: 2040-12-31T23:59:59Z',
    );
  const file = put('edited.yaml', edited);
  const dry = await policy('set', file, '--dry-run', '--json');
  t.match(dry.json, { changed: true, dry_run: true, base: { entry: json.entry, index: 0 }, entry: null });
  t.strictSame(
    dry.json.difference.map((line: string) => line.replace(/ \(kid.*/, '')),
    [
      '- approvals: 0',
      '- key "monitor": monitor, about **',
      '+ approvals: 2',
      '+ key "monitor": monitor, about **, as https://m.example, up to 4096 bytes, from 2020-01-01T00:00:00Z, until 2040-12-31T23:59:59Z',
    ],
  );
  t.equal(log.entries.length, 2, 'a dry run logs nothing');
  const set = await policy('set', file);
  t.match(
    set,
    {
      code: 0,
      out: /^\+ approvals: 2$[\s\S]*^logged\nentry {5}[0-9a-f]{64}\nindex {5}2\nreplaces {2}[0-9a-f]{64}, entry 0\n$/m,
    },
    set.err,
  );
  t.match(now(), { approvals: 2, entry: policyDocumentOf().entry });
  t.equal(
    now().keys.find(({ name }) => name === 'monitor')?.notAfter,
    Date.UTC(2040, 11, 31, 23, 59, 59) / 1000,
  );
  t.match(await policy('set', file), { code: 0, out: /nothing to log/ }, 'again is harmless');
  const late = await policy('set', put('late.yaml', edited.replace('approvals: 2', 'approvals: 3')));
  t.match(late, { code: 3, err: /policy-rejected: policy entry 2 was logged since/ });
  const blind = put('blind.yaml', edited.replace('approvals: 2', 'approvals: 3').replace(/^base: .*\n/m, ''));
  t.match(await policy('set', blind, '--dry-run'), { code: 0, out: /^\+ approvals: 3$/m });
});

t.test('enrol and revoke', async (t) => {
  const { log, policy, put, now } = await admin(t);
  const pub = put('second.pub', `${SECOND_SSH}\n`);
  const enrol = (...more: string[]): Promise<Told> =>
    policy(
      'enrol',
      pub,
      '--name',
      'payments CI',
      '--role',
      'author',
      '--subject',
      'prod/payments/**',
      ...more,
    );
  t.match(await enrol('--dry-run'), { code: 0, out: /^\+ key "payments CI": author, about prod\/payments/m });
  const first = await enrol('--not-after', '2030-01-01', '--json');
  t.match(
    first,
    { code: 0, json: { schema: 'tallystick.policy-enrol.v1', changed: true, index: 1 } },
    first.err,
  );
  t.equal(first.json.entry, entryIdOf(log.entries[1] ?? new Uint8Array()));
  t.match(now().keys.at(-1), { name: 'payments CI', roles: ['author'], subjects: ['prod/payments/**'] });
  t.match(await enrol('--not-after', '2030-01-01'), {
    code: 0,
    out: /enrolled like this already; nothing to log/,
  });
  t.match(await enrol(), { code: 1, err: /exists-already: it is enrolled otherwise: .*--replace/ });
  t.match(await enrol('--replace'), { code: 0, out: /until 2030-01-01T00:00:00Z/ });
  t.equal(log.entries.length, 3);

  const revoked = await policy('revoke', 'payments CI', '--reason', 'laptop stolen', '--json');
  t.match(revoked, { code: 0, json: { changed: true, index: 3 } }, revoked.err);
  t.match(now().revoked, [{ since: 3, reason: 'laptop stolen' }], 'from the next entry on');
  t.notOk(now().keys.some(({ name }) => name === 'payments CI'));
  const kid = kidOf(second);
  t.match(await policy('revoke', kid), { code: 0, out: /revoked already; nothing to log/ });
  t.match(await policy('revoke', kid, '--since', '1'), {
    code: 0,
    out: /^\+ revoked .* since entry 1: laptop/m,
  });
  t.match(await enrol(), { code: 3, err: /cannot come back/ });
  t.match(await policy('revoke', 'nobody'), { code: 2, err: /no-such-key/ });
  t.match(await policy('revoke', 'author', '--since', 'x'), { code: 1, err: /usage: --since x/ });
  const { out } = await policy('show');
  const restored = put('back.yaml', out.replace(/^revoked:[\s\S]*/m, ''));
  t.match(await policy('set', restored, '--dry-run'), {
    code: 3,
    err: /stays revoked, whatever a policy says/,
  });

  t.match(await policy('enrol', pub, '--name', 'x'), { code: 1, err: /--role/ });
  t.match(await policy('enrol', pub, '--name', 'x', '--role', 'king'), { code: 1, err: /king is no role/ });
  t.match(await policy('enrol', pub, '--name', 'x', '--role', 'admin', '--not-after', '2030-02-30'), {
    code: 1,
    err: /usage: --not-after 2030-02-30/,
  });
  const twice = put('twice.yaml', out.replace('name: author', 'name: agent'));
  await policy('set', twice);
  t.match(await policy('revoke', 'agent'), { code: 1, err: /several keys have that name/ });
});

t.test('what the log would refuse is not sent', async (t) => {
  const { log, policy, put } = await admin(t);
  const sent = (): number => log.asked.filter((each) => each.startsWith('POST')).length;
  const { out } = await policy('show');
  const refused = async (from: string | RegExp, to: string, err: RegExp, code = 3): Promise<void> => {
    t.match(await policy('set', put('bad.yaml', out.replace(from, to))), { code, err }, String(err));
  };
  await refused('[ admin ]', '[ agent ]', /no key would be left to change the policy/);
  await refused('[ admin ]', '[ admin ]\n    notAfter: 2020-01-01', /no key could change the policy now/);
  await refused(
    `    - ${vkeys[1]}\n`,
    '',
    /signs with the checkpoint key log\.example\/tally\+[0-9a-f]{8} now/,
  );
  const other = formatBase64(encodeCoseKey(second));
  await refused(/- \S+ # kid.*/, `- ${other}`, /signs with the receipt key [0-9a-f]{64} now/);
  await refused(/kid: [0-9a-f]{64}/, `kid: ${'0'.repeat(64)}`, /keys\[0\]\.kid: the key beside it has/);
  await refused(
    `origin: ${ORIGIN}`,
    'origin: x',
    /log\.vkeys\[0\]: expected a vkey named as the log's origin/,
  );
  await refused('roles: [ agent ]', 'roles: [ spy ]', /keys\[3\]\.roles\[0\]: expected one of admin/);
  await refused('open: false', 'open: no', /open: expected true or false, got "no"/);
  await refused('open: false', 'open: 1.5', /open: expected true or false/);
  await refused('open: false', 'open: false\nopen: true', /unique/);
  await refused('open: false', 'open: false\nclosed: true', /unknown field "closed"/);
  await refused('open: false', 'open: &x false\nselfproof: *x', /aliases/);
  await refused('open: false', 'open: false\n7: true', /field name 7/);
  await refused(/base: .*/, 'base: me', /base: expected the id/);
  await refused(/key: pQ\S+/, 'key: nonsense', /malformed-key/, 78);
  await refused(/[^]*/, '- a\n', /expected "field: value" lines/);
  await refused(/[^]*/, 'a: [', /malformed-text: bad\.yaml/);
  await refused('[ agent ]', '[ agent ]\n    notAfter: soon', /keys\[3\]\.notAfter: expected a date/);
  await refused(
    /$/,
    `\nrevoked:\n  - { kid: abc, since: 1 }\n`,
    /revoked\[0\]\.kid: expected a key thumbprint/,
  );
  const self = { kid: kidOf(people.admin.publicKey), since: 1 };
  const heir = out
    .replace(/  - name: admin\n[^]*?(?=  - name)/, '')
    .replace('[ author ]', '[ author, admin ]')
    .concat(`revoked:\n  - ${JSON.stringify(self)}\n`);
  t.match(await policy('set', put('heir.yaml', heir)), { code: 3, err: /would revoke itself/ });
  t.match(await policy('revoke', 'admin'), { code: 3, err: /no key would be left/ });
  t.match(await policy('revoke', 'agent', '--key', 'keys/author.pem'), { code: 3, err: /wrong-role/ });
  t.match(await policy('revoke', 'agent', '--key', 'keys/second.pem'), { code: 3, err: /unknown-key/ });
  t.equal(sent(), 0);
});

t.test('the admin key, and a policy that came between', async (t) => {
  const { log, policy, put, at } = await admin(t);
  put('tallystick.yaml', 'key: keys/author.pem');
  t.match(
    await policy('enrol', SECOND_SSH, '--name', 'n', '--role', 'agent'),
    { code: 0 },
    'not who commits',
  );
  rmSync(at('keys/admin.pem'));
  t.match(await policy('revoke', 'agent'), { code: 3, err: /wrong-role/ });
  rmSync(at('tallystick.yaml'));
  t.match(await policy('revoke', 'agent'), { code: 1, err: /admin\.pem is not there: name the admin key/ });
  put('elsewhere.pem', pemOf('tallystick test admin'), 0o600);
  const other = await nextPolicyStatement(log.entries[1] ?? new Uint8Array(), { approvals: 1 });
  log.meddle = (_, method) => {
    if (method === 'POST' && log.entries.length === 2) log.entries.push(other);
    return undefined;
  };
  const told = await policy('revoke', 'agent', '--key', 'elsewhere.pem', '--json');
  t.match(told, { code: 3, err: /overtaken/ }, 'whose change was made from another policy');
});

t.test('a policy that no admin signed is not believed', async (t) => {
  const none = await admin(t);
  none.log.entries = [await otherStatement('no policy')];
  t.match(await none.policy('show'), { code: 2, err: /names no registration policy/ });
  const { log, policy } = await admin(t);
  const [before = new Uint8Array()] = log.entries;
  log.entries.push(await nextPolicyStatement(before, { open: true }, people.author));
  t.match(await policy('show'), { code: 3, err: /wrong-role/ });
  log.entries.push(await commitmentStatement('a'));
  const [index, id] = [2, entryIdOf(log.entries[2] ?? new Uint8Array())];
  log.meddle = (path) =>
    path.startsWith('/v1/search') && !path.includes('before')
      ? Response.json({ entries: [{ index, id, subject: 'a', time: 1 }], next: null })
      : undefined;
  t.match(await policy('show'), {
    code: 3,
    err: /proof-failed: entry 0 is not among the registration policies/,
  });
});

t.test('rotation: A, A and B, B', async (t) => {
  const { log, policy, put, now } = await admin(t);
  const b = {
    ...headKeys,
    checkpoint: [
      { name: ORIGIN, type: 1 as const, signer: seedSigner('ed25519', new Uint8Array(32).fill(1)) },
      { name: ORIGIN, type: 6 as const, signer: seedSigner('ml-dsa-44', new Uint8Array(32).fill(2)) },
    ],
    receipt: seedSigner('ed25519', sha256(encodeUtf8('tallystick test second'))),
  };
  const newVkeys = b.checkpoint.map(({ type, signer }) => formatVkey(ORIGIN, type, signer.publicKey));
  const cose = put('ml-dsa', encodeCoseKey(b.checkpoint[1]?.signer.publicKey ?? second));
  t.match(await policy('add-log-key', cose), { code: 1, err: /no vkey; say what it will sign/ });
  const added = await policy('add-log-key', newVkeys[0] ?? '', cose, '--use', 'checkpoint', '--json');
  t.match(added, { code: 0, json: { schema: 'tallystick.policy-add-log-key.v1', index: 1 } }, added.err);
  t.strictSame(now().log.vkeys, [...vkeys, ...newVkeys]);
  t.match(await policy('add-log-key', put('b.vkey', `# new\n${newVkeys.join('\n')}`)), {
    out: /nothing to log/,
  });
  t.match(await policy('add-log-key', 'keys/second.pem', '--use', 'receipt'), {
    code: 0,
    out: /^\+ receipt key [0-9a-f]{64}$/m,
  });
  t.strictSame(
    now().log.receiptKeys.map(kidOf),
    [kidOf(second), kidOf(headKeys.receipt.publicKey)],
    'B first',
  );
  const old = [...vkeys.map((vkey) => vkey.split('+', 2).join('+')), kidOf(headKeys.receipt.publicKey)];
  for (const key of old)
    t.match(await policy('remove-log-key', key), { code: 3, err: /start it with the new key first/ });

  log.signer = headSigner(b);
  put('log.vkey', newVkeys.join('\n'));
  t.match(await policy('remove-log-key', ...newVkeys), { code: 3, err: /signs with the checkpoint key/ });
  t.match(await policy('remove-log-key', ...vkeys, ...newVkeys), { code: 3, err: /without a key to sign/ });
  t.match(await policy('remove-log-key', 'x'), { code: 2, err: /no-such-key/ });
  const done = await policy('remove-log-key', ...old);
  t.match(done, { code: 0, out: /^- checkpoint key/m }, done.err);
  t.strictSame(now().log, { vkeys: newVkeys, receiptKeys: [second] });
  const p256 = seedSigner('ecdsa-p256', new Uint8Array(32).fill(3)).publicKey;
  t.match(await policy('add-log-key', encodeCoseKey(p256).toHex(), '--use', 'checkpoint'), {
    code: 3,
    err: /unsupported-algorithm/,
  });
});

t.test('public keys in every form', async (t) => {
  const { policy, put } = await admin(t);
  const spki = createPublicKey(keyObject('tallystick test second')).export({ format: 'pem', type: 'spki' });
  const cose = encodeCoseKey(second);
  for (const given of [
    'keys/second.pem',
    put('second-pub.pem', spki.replaceAll('\n', '\r\n')),
    put('second.pub', SECOND_SSH),
    put('second.cose', cose),
    put('second.txt', `${formatBase64(cose)}\n`),
    SECOND_SSH,
    formatBase64(cose),
    cose.toHex(),
  ]) {
    const how = ['--name', 'n', '--role', 'admin', '--dry-run', '--json'];
    const { code, json, err } = await policy('enrol', given, ...how);
    t.equal(code, 0, err);
    t.match(json.difference, [new RegExp(`kid ${kidOf(second)}`)], given.slice(0, 30));
  }
  put('open.pem', pemOf('x'), 0o644);
  t.match(await policy('enrol', 'open.pem', '--name', 'n', '--role', 'admin'), {
    code: 78,
    err: /chmod 600/,
  });
  for (const bad of [
    'nowhere.pem',
    'ssh-ed25519 AAAA',
    '',
    '-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----',
  ])
    t.throws(() => parsePublicKey(bad, 'it'), { code: 'malformed-key' }, bad);
  const zero = { algorithm: 'ed25519', bytes: new Uint8Array(32) } as const;
  t.throws(() => parsePublicKey(encodeCoseKey(zero).toHex(), 'it'), { code: 'weak-key' });
  put('noise', Uint8Array.of(0xff, 0xfe));
  t.match(await policy('enrol', 'noise', '--name', 'n', '--role', 'admin'), {
    code: 78,
    err: /neither text/,
  });
});

t.test('text and back', (t) => {
  const base = entryId('ab'.repeat(32));
  const names = [
    '\u202eevil',
    'a: b # c',
    '"quoted"',
    '- x',
    '1e5',
    'true',
    'ü\u{e0001}',
    "it's",
    '*a',
    '\u2028',
  ];
  const document = policyDocumentOf({
    keys: names.map((name, i) => ({
      key: seedSigner('ed25519', new Uint8Array(32).fill(i + 1)).publicKey,
      name,
      roles: ['admin', 'author'],
      subjects: ['a, b', '**'],
      notBefore: 0,
    })),
    revoked: [{ kid: digest(new Uint8Array(32)), since: 2 ** 53 - 1, reason: 'no: reason' }],
    approvals: 3,
  });
  const text = formatEditable(document, base, 'two\nlines');
  t.strictSame(parseEditable(text, 'it'), { document, base });
  t.notMatch(text, /[\u202e\u2028]/, 'nothing that reorders lines on a terminal');
  t.equal(parseDate(formatTime(TIME), ''), TIME);
  for (const bad of [
    '2027',
    '2027-13-01',
    '2027-1-1',
    '2027-01-01T00:00:00+01:00',
    '1969-12-31',
    '2027-01-01T24:00:00Z',
  ])
    t.throws(() => parseDate(bad, 'x'), { code: 'malformed-payload' }, bad);
  t.end();
});
