/** Configuration of programs, a setting a leaf: `commit sshd` and `commit nginx`, from a folder with what its files include, and `registry diff`. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { user, type User } from './support/user.ts';

const SSH = {
  sshd_config: 'Include /etc/ssh/sshd_config.d/*.conf\nPort 22\nPermitRootLogin no\n',
  'sshd_config.d': { '50-a.conf': 'PasswordAuthentication no\n', '60-b.conf': 'X11Forwarding no\n' },
  ssh_host_ed25519_key: 'a key that nobody reads',
};

/** Changes a file. */
function change(me: User, file: string, from: string, to: string): void {
  const path = join(me.dir, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

t.test('sshd: a folder with what it includes; one line is one leaf', async (t) => {
  const me = await user(t, { ssh: SSH, root: { etc: { ssh: SSH } } });
  const listed = await me.run('commit', 'sshd', 'ssh', '--list');
  t.match(listed, {
    code: 0,
    out: '/PasswordAuthentication  "no"\n/PermitRootLogin  "no"\n/Port  "22"\n/X11Forwarding  "no"\n',
  });
  t.equal((await me.run('commit', 'sshd', 'root', '--list')).out, listed.out, 'a folder that stands for /');
  const main = 'ssh/sshd_config';
  t.match(await me.run('commit', 'sshd', main, '--list'), {
    code: 1,
    err: /line 1: it includes \/etc\/ssh\/sshd_config\.d\/\*\.conf, and no file was given that it matches; name it/,
  });
  t.equal((await me.run('commit', 'sshd', main, 'ssh/sshd_config.d', '--list')).out, listed.out);
  t.equal((await me.run('commit', 'sshd', 'ssh', '--subject', 'host/a')).code, 0);
  change(me, 'ssh/sshd_config.d/60-b.conf', 'no', 'yes');
  t.equal((await me.run('commit', 'sshd', 'ssh', '--subject', 'host/a')).code, 0);
  const { out } = await me.run('registry', 'diff', 'host/a');
  t.match(out, /\/X11Forwarding: "no" → "yes"/);
  t.notMatch(out, /\/Port|PermitRootLogin/);
  change(me, 'ssh/sshd_config.d/60-b.conf', 'X11Forwarding', 'X11Forwardin');
  t.match(await me.run('commit', 'sshd', 'ssh', '--subject', 'host/a'), {
    code: 1,
    err: /\/etc\/ssh\/sshd_config\.d\/60-b\.conf line 1: X11Forwardin is no keyword.*did you mean X11Forwarding\?/,
  });
});

t.test('a text never makes anybody read what was not named', async (t) => {
  const me = await user(t, { ssh: SSH, other: { 'secret.conf': 'Banner /secret\n' } });
  const commit = () => me.run('commit', 'sshd', 'ssh', '--list');
  symlinkSync('../../other/secret.conf', join(me.dir, 'ssh/sshd_config.d/70-c.conf'));
  t.match(await commit(), {
    code: 1,
    err: /70-c\.conf: it is a link to .*secret\.conf, out of what was named/,
  });
  t.match(await me.run('commit', 'sshd', 'ssh', 'other', '--list'), {
    code: 0,
    out: /\/Banner {2}"\/secret"/,
  });
  for (const [include, why] of [
    [join(me.dir, 'other/secret.conf'), /and that file was not given/],
    [
      '../../other/secret.conf',
      /it includes \/etc\/ssh\/\.\.\/\.\.\/other\/secret\.conf, and that file was not given/,
    ],
    ['/etc/passwd', /and that file was not given/],
  ] as const) {
    writeFileSync(join(me.dir, 'ssh/sshd_config'), `Include ${include}\n`);
    t.match(await commit(), { code: 1, err: why });
  }
  mkdirSync(join(me.dir, 'empty'));
  t.match(await me.run('commit', 'sshd', 'empty'), {
    code: 2,
    err: /there is no sshd_config and no etc\/ssh\/sshd_config in/,
  });
  t.match(await me.run('commit', 'sshdd', 'ssh'), { code: 2, err: /did you mean sshd\?/ });
});

t.test('nginx: a folder with what it includes; one line is one leaf', async (t) => {
  const site = 'server {\n  listen 443 ssl;\n  server_name a.example;\n  ssl_protocols TLSv1.2 TLSv1.3;\n}\n';
  const me = await user(t, {
    web: {
      'nginx.conf': 'events {}\nhttp {\n  include /etc/nginx/sites-enabled/*;\n}\n',
      'sites-available': { a: site },
      'sites-enabled': {},
    },
  });
  symlinkSync('../sites-available/a', join(me.dir, 'web/sites-enabled/a'));
  t.match(await me.run('commit', 'nginx', 'web', '--list'), {
    code: 0,
    out: /\/http\/server\[a\.example:443\]\/ssl_protocols {2}"TLSv1\.2 TLSv1\.3"/,
  });
  t.equal((await me.run('commit', 'nginx', 'web', '--subject', 'web/a')).code, 0);
  change(me, 'web/sites-available/a', 'TLSv1.2 ', '');
  t.equal((await me.run('commit', 'nginx', 'web', '--subject', 'web/a')).code, 0);
  const { out } = await me.run('registry', 'diff', 'web/a');
  t.match(out, /ssl_protocols: "TLSv1\.2 TLSv1\.3" → "TLSv1\.3"/);
  t.notMatch(out, /server_name|listen/);
  change(me, 'web/sites-available/a', 'TLSv1.3;', 'TLSv1.3');
  t.match(await me.run('commit', 'nginx', 'web', '--subject', 'web/a'), {
    code: 1,
    err: /\/etc\/nginx\/sites-enabled\/a line 5: "}" is not expected here/,
  });
});

t.test('ini: from standard input or a file', async (t) => {
  const me = await user(t, {
    'my.cnf': '[client]\nport = 3306\npassword = hunter2-hunter2\n',
    'bad.ini': '[a]\nx = 1 ; one\n',
  });
  t.match(await me.run('commit', 'ini', 'my.cnf', '--list'), {
    code: 1,
    out: /\/client\/password {2}\(a secret\?/,
  });
  t.match(await me.run('commit', 'ini', 'my.cnf', '--sensitive', '/client/password'), { code: 0 });
  change(me, 'my.cnf', '3306', '3307');
  t.match(await me.run('commit', 'ini', 'my.cnf', '--sensitive', '/client/password'), { code: 0 });
  t.match((await me.run('registry', 'diff', 'my.cnf')).out, /\/client\/port: "3306" → "3307"/);
  t.match(await me.run('commit', 'ini', 'bad.ini'), {
    code: 1,
    err: /line 2: in the value of x: ; and # begin a comment/,
  });
});
