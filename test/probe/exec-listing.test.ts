/**
 * What a program lists (`sshd -T`) against the declared leaves: no leaf becomes public, and nothing of the output leaves but paths
 * that are declared.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Observed } from '#src/claim/observed.ts';
import type { Value } from '#src/claim/value.ts';
import type { DeclaredLeaf } from '#src/declare/leaf.ts';
import { JSON_SOURCE } from '#src/declare/sources/json.ts';
import { NGINX_SOURCE } from '#src/declare/sources/nginx/nginx.ts';
import { TERRAFORM_SOURCE } from '#src/declare/sources/terraform/terraform.ts';
import { declareSshd } from '#src/declare/sources/sshd/sshd.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { execProbe } from '#src/probe/exec/probe.ts';
import { program, sshHostKey } from '../support/e3-targets.ts';
import { judgePack, look } from '../support/probe-targets.ts';

const dir = mkdtempSync(join(tmpdir(), 'tally-listing-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

const valuesOf = (leaves: readonly DeclaredLeaf[]): ReadonlyMap<string, Value> =>
  new Map(leaves.map(({ path, value }) => [path, declaredValue(value)]));
const sshd = (text: string): ReadonlyMap<string, Value> => valuesOf(declareSshd([{ name: '', text }]).leaves);
const json = (value: object): ReadonlyMap<string, Value> =>
  valuesOf(
    JSON_SOURCE.declare([{ name: '', text: JSON.stringify(value) }], { literal: false, ignore: [] }).leaves,
  );

/** A program that prints a text. */
function printing(name: string, text: string): string {
  writeFileSync(join(dir, `${name}.out`), text);
  writeFileSync(join(dir, name), `#!/bin/sh\nexec cat '${join(dir, `${name}.out`)}'\n`);
  chmodSync(join(dir, name), 0o755);
  return join(dir, name);
}

const judged = (seen: Observed, listing = 'sshd'): string | undefined =>
  judgePack('listing-as-declared', { listing }, seen)['listing-as-declared'];

const FILE = `
PermitRootLogin no
PasswordAuthentication no
LoginGraceTime 2m
MaxAuthTries 3
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com
MACs -hmac-md5
Match User backup
  ForceCommand /usr/local/bin/backup
`;

t.test(
  'sshd -T against its file',
  { skip: program('sshd') === undefined && 'no sshd (openssh-server)' },
  async (t) => {
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const file = join(dir, 'sshd_config');
    const target = `${program('sshd')} -T -f ${file} -h ${sshHostKey(dir, 'ed25519')}`;
    const seen = async (text: string): Promise<Observed> => {
      writeFileSync(file, text);
      return look(execProbe, target, { listing: 'sshd' }, { declared: sshd(FILE) });
    };
    const same = await seen(FILE);
    t.match(same.value, { listing: 'sshd', same: 5, changed: [], absent: [] });
    t.strictSame(
      same.value['notCompared'],
      ['/MACs', '/Match', '/Match/User backup/ForceCommand'],
      'the listing does not tell them',
    );
    t.strictSame(same.compared, { declared: 8, compared: 5, excluded: 3 }, 'and the proof says how many');
    t.equal(judged(same), 'PROVEN E1');
    const loose = await seen(FILE.replace('PermitRootLogin no', 'PermitRootLogin yes').replace('2m', '120'));
    t.strictSame(loose.value['changed'], ['/PermitRootLogin'], 'another spelling of the same is the same');
    t.equal(judged(loose), 'VIOLATED E1');
    const dropped = await seen(FILE.replace('MaxAuthTries 3\n', ''));
    t.strictSame(dropped.value['changed'], ['/MaxAuthTries'], 'what was left out has its default');
  },
);

t.test('nginx -T against its files', { skip: program('nginx') === undefined && 'no nginx' }, async (t) => {
  const [main, site] = [join(dir, 'nginx.conf'), join(dir, 'site.conf')];
  const text = `pid ${dir}/pid; error_log stderr;\nevents {}\nhttp { access_log off; include ${site}; }\n`;
  const server = 'server { listen 127.0.0.1:8080; server_name a.example; return 204; }\n';
  const declared = valuesOf(
    NGINX_SOURCE.declare(
      [
        { name: main, text },
        { name: site, text: server },
      ],
      { literal: false, ignore: [] },
    ).leaves,
  );
  const seen = (running: string): Promise<Observed> => {
    writeFileSync(main, text);
    writeFileSync(site, running);
    const target = `${program('nginx')} -T -p ${dir} -e stderr -c ${main}`;
    return look(execProbe, target, { listing: 'nginx' }, { declared });
  };
  const same = await seen(`# the same in another spelling\n${server.replace('204', '"204"')}`);
  t.match(same.value, { same: declared.size, changed: [], absent: [], notCompared: [], undeclared: 0 });
  t.equal(judged(same, 'nginx'), 'PROVEN E1');
  const changed = await seen(server.replace('204', '403'));
  t.strictSame(changed.value['changed'], ['/http/server[a.example:8080]/return']);
  t.equal(judged(changed, 'nginx'), 'VIOLATED E1');
});

t.test('what is missing, and what is not to be compared', async (t) => {
  const target = printing('some', '{"a": 1, "b": {"c": true}, "more": "something-nobody-declared"}');
  const declared = json({ a: 1, b: { c: true, d: false }, e: { f: 'x' } });
  const all = await look(execProbe, target, { listing: 'json' }, { declared });
  t.match(all.value, { same: 2, absent: ['/b/d', '/e/f'], changed: [], undeclared: 1 });
  t.equal(judged(all, 'json'), 'VIOLATED E1');
  t.notMatch(
    JSON.stringify(all),
    /something-nobody-declared|more/,
    'what nobody declared is counted, not told',
  );
  const some = await look(execProbe, target, { listing: 'json', ignore: ['/b/d', '/e'] }, { declared });
  t.match(some.value, { same: 2, absent: [], notCompared: ['/b/d', '/e/f'] });
  t.equal(judged(some, 'json'), 'PROVEN E1');
  const list = await look(
    execProbe,
    target,
    { listing: 'json', ignore: ['/b'] },
    { declared: json({ a: 1, bb: 2, b: [1] }) },
  );
  t.match(list.value, { same: 1, absent: ['/bb'], notCompared: ['/b', '/b/0'] }, 'whole steps are compared');
});

t.test('nothing is green where nothing was compared', async (t) => {
  const target = printing('none', '{"a": 1}');
  const declared = json({ a: 1, b: 2 });
  const refused = (params: Parameters<typeof look>[2], rest: Parameters<typeof look>[3]): Promise<Observed> =>
    look(execProbe, target, params, rest);
  await t.rejects(refused({ listing: 'json', ignore: ['/a', '/b'] }, { declared }), {
    code: 'config-invalid',
    message: /no declared leaf can be compared/,
  });
  await t.rejects(refused({ listing: 'json' }, {}), {
    code: 'config-invalid',
    message: /does not have the openings/,
  });
  await t.rejects(refused({ listing: 'json' }, { declared: new Map() }), { code: 'config-invalid' });
  await t.rejects(refused({ listing: 'jsonn' }, { declared }), {
    code: 'config-invalid',
    message: /listing of exec@1 is one of .*json/,
  });
  const secret: ReadonlyMap<string, Value> = new Map<string, Value>([
    ['/a', { sensitive: '00'.repeat(32) }],
    ['/b', 2],
  ]);
  const seen = await refused({ listing: 'json' }, { declared: secret });
  t.match(seen.value, { sensitive: 1, absent: ['/b'] });
  const both = printing('both', '{"a": 1, "b": 2}');
  const kept = await look(execProbe, both, { listing: 'json' }, { declared: secret });
  t.match(kept.value, { sensitive: 1, changed: [], absent: [] });
  t.match(judged(kept, 'json'), /^UNKNOWN/, 'the sensitive one may have changed');
  const without = await look(execProbe, both, { listing: 'json', ignore: ['/a'] }, { declared: secret });
  t.equal(judged(without, 'json'), 'PROVEN E1', 'its author leaves it out');
  await t.rejects(refused({ listing: 'json' }, { declared: new Map([...secret].slice(0, 1)) }), {
    code: 'config-invalid',
  });
});

t.test('a listing that marks its value as sensitive is compared all the same', async (t) => {
  const state = (acl: string, marks: object): string =>
    JSON.stringify({
      format_version: '1.0',
      terraform_version: '1.9.0',
      values: {
        root_module: {
          resources: [
            {
              address: 'aws_s3_bucket.a',
              mode: 'managed',
              type: 'aws_s3_bucket',
              name: 'a',
              provider_name: 'registry.terraform.io/hashicorp/aws',
              schema_version: 0,
              values: { acl, bucket: 'x' },
              sensitive_values: marks,
            },
          ],
        },
      },
    });
  const declared = valuesOf(
    TERRAFORM_SOURCE.declare([{ name: '', text: state('private', {}) }], { literal: false, ignore: [] })
      .leaves,
  );
  for (const [acl, says] of [
    ['private', 'PROVEN E1'],
    ['public-read', 'VIOLATED E1'],
  ] as const) {
    const target = printing('state', state(acl, { acl: true }));
    const seen = await look(execProbe, target, { listing: 'terraform' }, { declared });
    t.equal(judged(seen, 'terraform'), says, JSON.stringify(seen.value));
    t.notMatch(JSON.stringify(seen), /public-read/);
  }
});

t.test('output of another kind is UNKNOWN, and is not repeated', async (t) => {
  for (const [name, text] of [
    ['words', 'hunter2-is-the-password and more'],
    ['cut', '{"a": "hunter2-is-the-password'],
    ['twice', '{"hunter2-is-the-password": 1, "hunter2-is-the-password": 2}'],
    ['bytes', '\u0000\u00ff'],
    ['nothing', ''],
  ] as const) {
    const looked = look(execProbe, printing(name, text), { listing: 'json' }, { declared: json({ a: 1 }) });
    const error: unknown = await looked.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.match(error, { code: 'unavailable' }, name);
    t.notMatch(String(error), /hunter2/);
  }
  const changed = await look(
    execProbe,
    printing('changed', '{"a": "hunter2-is-the-password"}'),
    { listing: 'json' },
    { declared: json({ a: 'x' }) },
  );
  t.match(changed.value, { changed: ['/a'] });
  t.notMatch(JSON.stringify(changed), /hunter2/);
});
