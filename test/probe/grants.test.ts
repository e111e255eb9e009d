/** What probes must be allowed: statements that can be pasted, whatever the names in them are. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { grantsOfProbes, grantsOfRules } from '#src/agent/needed-grants.ts';
import { readRules } from '#src/agent/enrolment.ts';
import { lacks, readsPath, sqlName } from '#src/probe/grant.ts';
import { grantToRead } from '#src/probe/kubernetes/grant-to-read.ts';
import { EXEC } from '#src/probe/exec/describe.ts';
import { PROBES } from '#src/probe/registry.ts';
import { lacksRead } from '#src/probe/unreadable.ts';

const TO = { sql: 'tally', shell: 'agent', kubernetes: 'ns/agent', iam: '' };

t.test('every statement is one that fits into a reason, and names no other than it was given', async (t) => {
  for (const { name, grants } of PROBES)
    for (const grant of grants) {
      const text = lacks(grant, { who: 'tally', target: '/srv/shop' });
      t.notMatch(text, /\n/, `${name}: one line`);
      t.ok(text.length < 400, `${name}: ${text.length} characters, of the 500 that a reason has`);
    }
});

t.test('names are quoted: of a role for SQL, of a path and a user for a shell', async (t) => {
  t.equal(sqlName('tally'), 'tally');
  t.equal(sqlName('tally"; DROP ROLE x; --'), '"tally""; DROP ROLE x; --"');
  t.equal(sqlName('Tally'), '"Tally"', 'a plain name would be folded to lower case');
  const hostile = `/srv/a'; touch b; '`;
  const statement = readsPath('read').statement({ who: '$(id)', target: hostile });
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${statement}`], { encoding: 'utf8' });
  t.same(words.trimEnd().split('\n'), ['setfacl', '-R', '-m', 'u:$(id):rX,d:u:$(id):rX', hostile]);
});

t.test('a collector is named by its file, in either spelling of the target', async (t) => {
  for (const target of ['/usr/bin/x', '/usr/bin/x -T', '["/usr/bin/x","-T"]'])
    t.equal(EXEC.grants[0]?.statement({ who: 'a', target }), 'setfacl -m u:a:rx /usr/bin/x', target);
});

t.test('rules name probes by version, by name, or all; each target stands once', async (t) => {
  const rules = readRules(
    [
      { subject: '**', probe: 'files@1', targets: ['/srv/shop', '/srv/two'] },
      { subject: 'x', probe: 'files', targets: ['/srv/shop'] },
      { subject: '**', probe: 'gone@1', targets: ['/srv/shop'] },
    ],
    'targets.yaml',
  );
  const needed = grantsOfRules(rules, PROBES, TO);
  t.same(
    needed.map(({ probe, target }) => [probe, target]),
    [
      ['files@1', '/srv/shop'],
      ['files@1', '/srv/two'],
    ],
  );
  t.equal(needed[0]?.grants[0]?.statement, 'setfacl -R -m u:agent:rX,d:u:agent:rX /srv/shop');
  const every = readRules([{ subject: '**', probe: '*', targets: ['a:1'] }], 'targets.yaml');
  t.equal(grantsOfRules(every, PROBES, TO).length, PROBES.length);
});

t.test('the page of postgres@1 has its statements', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../src/probe/postgres/README.md'), 'utf8');
  const [postgres] = grantsOfProbes(
    PROBES.filter(({ name }) => name === 'postgres@1'),
    TO,
  );
  for (const line of (postgres?.grants ?? []).flatMap(({ statement }) => statement.split('\n')))
    t.ok(page.includes(line), line);
});

t.test(
  'the right to read a kind is named by what was asked for, and never one to read Secrets',
  async (t) => {
    const at = (path: string): string | undefined =>
      grantToRead(path)?.statement({ who: 'tallystick/agent', target: '' });
    t.equal(
      at('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies?limit=250'),
      'kubectl create role tallystick-networkpolicies -n shop --verb=get,list,watch --resource=networkpolicies.networking.k8s.io && ' +
        'kubectl create rolebinding tallystick-networkpolicies -n shop --role=tallystick-networkpolicies --serviceaccount=tallystick:agent',
    );
    t.match(
      at('/api/v1/pods'),
      /create clusterrole tallystick-pods --verb=get,list,watch --resource=pods && /,
    );
    t.match(at('/api/v1/namespaces/kube-system'), /--resource=namespaces && /);
    for (const path of [
      '/api/v1/namespaces/shop/secrets',
      '/api/v1/secrets?limit=1',
      "/api/v1/pods';x",
      '/version',
    ])
      t.equal(at(path), undefined, path);
  },
);

t.test(
  'a path that the system keeps from the agent: the statement; one that is not there: none',
  async (t) => {
    const refusal = (code: string): Error => Object.assign(new Error(code), { code });
    const grant = readsPath('read');
    t.match(
      lacksRead(grant, '/srv/a b', refusal('EACCES')),
      /^; to let it: setfacl -R -m u:\S+ '\/srv\/a b'$/,
    );
    t.equal(lacksRead(grant, '/srv', refusal('ENOENT')), '');
  },
);
