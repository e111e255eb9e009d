/** Parts of sources that an attacker hid: in dumps of nginx, in names with brackets, and secrets in other forms. */
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { passwordsInCommands } from '#src/declare/secret-commands.ts';
import { declareNginx } from '#src/declare/sources/nginx/nginx.ts';
import { POSTGRESQL_SOURCE } from '#src/declare/sources/postgresql/postgresql.ts';

const nginx = (text: string) => declareNginx([{ name: '-', text }]).leaves;
const file = (name: string, text: string): string => `# configuration file /etc/nginx/${name}:\n${text}\n`;

t.test('a dump is in the order of nginx', async (t) => {
  const main = 'include a/*.conf;\ninclude b.conf;';
  const [a, b] = [file('a/1.conf', 'x;'), file('b.conf', 'y;')];
  t.doesNotThrow(() => nginx(file('nginx.conf', main) + a + b));
  t.throws(
    () => nginx(file('nginx.conf', main) + b + a),
    /b\.conf is in the dump where nginx does not write it/,
  );
  const hidden = file(
    'nginx.conf',
    'include c/*.conf;\n# d\u2028# configuration file /etc/nginx/c/1.conf:\nuser root;',
  );
  t.same(
    nginx(hidden).map(({ path }) => path),
    ['', '/user'],
    'only a line feed ends a line',
  );
});

t.test('a bracket in a name is none of the step', async (t) => {
  const leaves = (text: string): readonly unknown[] =>
    nginx(text).map(({ path, value }) => [path, decodeCbor(value)]);
  t.notSame(leaves('types { allow x y; }'), leaves('types { allow[x] y; }'));
  t.notSame(leaves('a b][c { x; }'), leaves('a[b] c { x; }'));
});

t.test('secrets', async (t) => {
  for (const text of ['if ($arg_sig = "hunter2") { x; }', 'map $arg_pwd $a { hunter2 1; }'])
    t.ok(
      nginx(text).some(({ sensitive }) => sensitive),
      text,
    );
  t.same([...passwordsInCommands('/bin/sh -c "mysql -phunter2hunter2"')], ['hunter2hunter2']);
  const text = "ssl_passphrase_command = 'echo S3cr3tPhrase99'";
  const { leaves } = POSTGRESQL_SOURCE.declare([{ name: 'postgresql.conf', text }], {
    literal: false,
    ignore: [],
  });
  t.match(leaves, [{ path: '/ssl_passphrase_command', sensitive: true }]);
});
