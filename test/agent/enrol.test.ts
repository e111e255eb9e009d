/** Rules that `agent enrol` writes: what a person wrote stays, what nobody should enrol is refused. */
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { enrol, type Enrolled, type Enrolment } from '#src/agent/enrol.ts';
import { ruleFor } from '#src/agent/enrolment.ts';
import { readTargets } from '#src/agent/targets.ts';
import { probeCalled } from '#src/probe/registry.ts';
import { PROBES } from '#src/probe/registry.ts';

const asked = (probe: string, target: string, secrets: Enrolment['secrets'] = new Map()): Enrolment => ({
  subject: 'web/shop',
  probe: probeCalled(probe),
  target,
  secrets,
});

t.test('a file is made, for its owner alone, and lets in exactly what was enrolled', async (t) => {
  const dir = join(t.testdir(), 'agent');
  t.match(await enrol(dir, asked('tls', 'shop.example:443')), { did: 'added', rule: 1 });
  const file = join(dir, 'targets.yaml');
  t.equal(statSync(file).mode % 0o1000, 0o600);
  const rules = await readTargets(file);
  t.ok(ruleFor(rules, 'web/shop', 'tls@1', 'shop.example:443'));
  for (const [subject, probe, target] of [
    ['web/other', 'tls@1', 'shop.example:443'],
    ['web/shop', 'ssh@1', 'shop.example:443'],
    ['web/shop', 'tls@1', 'shop.example:44'],
  ] as const)
    t.notOk(ruleFor(rules, subject, probe, target));
  const before = readFileSync(file, 'utf8');
  t.match(await enrol(dir, asked('tls@1', 'shop.example:443')), { did: 'kept', rule: 1 });
  t.equal(readFileSync(file, 'utf8'), before);
});

/** Files as people write them, and a text that must be in the file afterwards. */
const WRITTEN: readonly (readonly [what: string, text: string, kept: string, rules: number])[] = [
  [
    'comments and quotes',
    "# a\n- subject: 'x'   # b\n  probe: ssh\n  targets: [ 'h:1' ]\n# end\n",
    "'x'   # b",
    2,
  ],
  ['indented items', '  - subject: x\n    probe: ssh\n    targets: [h:1]\n', '  - subject: x\n', 2],
  [
    'one line each',
    '- { subject: x, probe: ssh, targets: [h:1] }',
    '{ subject: x, probe: ssh, targets: [h:1] }',
    2,
  ],
  ['a list in brackets', '# a\n[{ subject: x, probe: ssh, targets: [h:1] }] # b\n', '# a', 2],
  ['an empty list', '[] # none yet\n', 'subject: web/shop', 1],
  ['nothing', '', 'subject: web/shop', 1],
  ['comments alone', '# none yet\n', '# none yet\n', 1],
  ['a marked end', '- subject: x\n  probe: ssh\n  targets: [h:1]\n...\n', 'subject: x', 2],
  ['Windows', '- subject: x\r\n  probe: ssh\r\n  targets: [h:1]\r\n', 'subject: x\r\n', 2],
];

t.test('what was written stays', async (t) => {
  for (const [what, text, kept, rules] of WRITTEN) {
    const dir = t.testdir({ agent: { 'targets.yaml': text } });
    const file = join(dir, 'agent/targets.yaml');
    chmodSync(file, 0o640);
    t.match(
      await enrol(join(dir, 'agent'), asked('tls', 'shop.example:443')),
      { did: 'added', rule: rules },
      what,
    );
    const after = readFileSync(file, 'utf8');
    t.ok(after.includes(kept), `${what}: ${JSON.stringify(after)}`);
    const read = await readTargets(file);
    t.equal(read.length, rules, what);
    t.ok(ruleFor(read, 'web/shop', 'tls@1', 'shop.example:443'), what);
    t.equal(statSync(file).mode % 0o1000, 0o640, 'its mode stays');
  }
});

t.test('a link to the file stays one', async (t) => {
  const dir = t.testdir({ 'real.yaml': '', agent: {} });
  symlinkSync('../real.yaml', join(dir, 'agent/targets.yaml'));
  await enrol(join(dir, 'agent'), asked('tls', 'a:1'));
  t.match(readFileSync(join(dir, 'real.yaml'), 'utf8'), /subject: web\/shop/);
});

t.test('whatever it is called, a rule says exactly that', async (t) => {
  const dir = t.testdir();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, maxLength: 30 }), async (name) => {
      const agent = join(dir, `a${n++}`);
      const subject = `s/${name}`;
      let done: Enrolled | undefined;
      try {
        done = await enrol(agent, { ...asked('tls', 'a:1'), subject });
      } catch {
        t.notOk(existsSync(join(agent, 'targets.yaml')), 'what is refused writes nothing');
        return;
      }
      const [rule] = await readTargets(done.file);
      t.equal(rule?.subject, subject);
    }),
    { numRuns: 60 },
  );
});

t.test(
  'secrets: by a file of its owner alone, named by the probe, and only to a target in full',
  async (t) => {
    const dir = t.testdir({ 'db.dsn': 'postgres://x', agent: { 'ca.pem': 'x' } });
    const agent = join(dir, 'agent');
    const [dsn, ca] = [join(dir, 'db.dsn'), join(agent, 'ca.pem')];
    const refused = (enrolment: Enrolment, code: string, message: RegExp) =>
      t.rejects(enrol(agent, enrolment), { code, message });
    chmodSync(dsn, 0o644);
    await refused(asked('postgres', 'db:5432', new Map([['dsn', dsn]])), 'key-file', /chmod 600/);
    chmodSync(dsn, 0o600);
    chmodSync(ca, 0o600);
    await refused(
      asked('postgres', 'db:5432', new Map([['dns', dsn]])),
      'usage',
      /no secret dns; it has dsn, ca/,
    );
    await refused(asked('tls', 'db:5432', new Map([['dsn', dsn]])), 'usage', /tls@1 takes no secret/);
    await refused(asked('postgres', '*:5432', new Map([['dsn', dsn]])), 'usage', /written in full/);
    t.notOk(existsSync(join(agent, 'targets.yaml')), 'nothing was written');
    t.match(await enrol(agent, asked('postgres', 'db:5432')), { did: 'added' });
    t.match(
      await enrol(
        agent,
        asked(
          'postgres',
          'db:5432',
          new Map([
            ['dsn', dsn],
            ['ca', ca],
          ]),
        ),
      ),
      { did: 'changed', rule: 1 },
    );
    const [rule, ...others] = await readTargets(join(agent, 'targets.yaml'));
    t.same(others, []);
    t.same(
      rule?.secrets,
      new Map([
        ['dsn', dsn],
        ['ca', ca],
      ]),
    );
    t.match(
      readFileSync(join(agent, 'targets.yaml'), 'utf8'),
      /ca: ca\.pem/,
      'told from the folder of the file',
    );
    t.match(await enrol(agent, asked('postgres', 'db:5432')), { did: 'kept' }, 'and does not lose them');
  },
);

t.test(
  'an earlier rule that lets the target in without the secret is named: the first one counts',
  async (t) => {
    const dir = t.testdir({
      'db.dsn': 'x',
      agent: { 'targets.yaml': "- { subject: '**', probe: '*', targets: ['db:*'] }\n" },
    });
    chmodSync(join(dir, 'db.dsn'), 0o600);
    t.match(await enrol(join(dir, 'agent'), asked('postgres', 'db:5432')), { did: 'kept', rule: 1 });
    await t.rejects(
      enrol(join(dir, 'agent'), asked('postgres', 'db:5432', new Map([['dsn', join(dir, 'db.dsn')]]))),
      {
        code: 'config-invalid',
        message: /rule 1 of .*first rule that does counts.*secrets: \{ dsn: /,
      },
    );
  },
);

t.test('a target is written as its probe has it', async (t) => {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    'tls@1': ['/etc', '', 'a b:1', 'x:99999', 'h:1/path'],
    'ssh@1': ['/etc/ssh'],
    'postgres@1': ['/run/postgresql'],
    'http@1': ['ftp://h/', 'http://u:p@h/', '/x'],
    'net@1': ['h', 'matrix:', '/x'],
    'files@1': ['srv/www', 'h:1'],
    'terraform@1': ['state.json'],
    'iam@1': ['s3://b'],
    'kms@1': ['arn:aws:kms:x'],
    'kubernetes@1': ['http://h:6443', 'https://h:6443/path'],
    'cri@1': ['containerd.sock'],
    'oci@1': ['images/shop', 'h:1'],
    'packages@1': ['node_modules', 'h:1'],
    'container@1': ['docker.sock', 'ftp://h:1'],
    'api@1': ['/srv/api', 'ftp://h/', 'http://u:p@h/'],
    'exec@1': ['collect', './collect', '["collect"]'],
    'self@1': ['other'],
  };
  for (const { name, target } of PROBES) {
    const bad = wrong[name] ?? [];
    t.ok(bad.length > 0, `${name} has wrong targets in this table`);
    for (const each of bad) {
      await t.rejects(
        enrol(join(t.testdir(), 'agent'), asked(name, each)),
        /the target of|a target is/,
        `${name} ${each}`,
      );
      if (each !== '') t.notOk(target.fits(each), `${name}: ${each}`);
    }
  }
});

t.test('a damaged file is not written', async (t) => {
  const text = '- subject: x\n  probe: tls\n targets: y\n';
  const dir = t.testdir({ 'targets.yaml': text });
  await t.rejects(enrol(dir, asked('tls', 'a:1')), { code: 'config-invalid' });
  t.equal(readFileSync(join(dir, 'targets.yaml'), 'utf8'), text);
  writeFileSync(join(dir, 'targets.yaml'), '- { subject: x, probe: tls, target: y }\n');
  await t.rejects(enrol(dir, asked('tls', 'a:1')), { message: /there is no field target/ });
});
