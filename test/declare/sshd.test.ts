/** The source `sshd`: what a line means, what is refused, and the listing of the real sshd beside the file. */
import fc from 'fast-check';
import t from 'tap';
import { readSource } from '#src/declare/read.ts';
import { saltingBy } from '#src/declare/node/salts.ts';
import type { SourceText } from '#src/declare/sources/source.ts';
import { declareSshd, SSHD_SOURCE } from '#src/declare/sources/sshd/sshd.ts';
import { differences, effective, leavesOf, read, SshdOracle } from '../support/sshd-oracle.ts';
import { sshdTexts } from '../support/sshd-texts.ts';

const plain = (text: string): Record<string, unknown> => {
  const leaves = read(text);
  if (typeof leaves === 'string') throw new Error(leaves);
  return Object.fromEntries([...leaves].filter(([, value]) => typeof value === 'string'));
};

t.test('one setting is one leaf, in one spelling', async (t) => {
  const same: readonly (readonly [string, ...string[]])[] = [
    [
      'PermitRootLogin prohibit-password',
      'permitrootlogin without-password',
      'PERMITROOTLOGIN = "Prohibit-Password" # why',
    ],
    ['LoginGraceTime 120', 'logingracetime 2m', 'LoginGraceTime\t1m60', "LoginGraceTime '120'"],
    ['AllowUsers alice bob', 'allowusers alice\nallowusers bob', 'AllowUsers "alice"\n\n# x\nAllowUsers=bob'],
    ['KbdInteractiveAuthentication no', 'ChallengeResponseAuthentication No', 'SkeyAuthentication no'],
    ['X11Forwarding yes', 'X11Forwarding yes\nX11Forwarding no'],
    ['AllowTcpForwarding yes', 'AllowTCPForwarding all'],
    ['RekeyLimit 1073741824 3600', 'RekeyLimit 1G 1h', 'RekeyLimit 1024m 60m'],
    ['IPQoS af21 af21', 'IPQoS AF21', 'IPQoS 0x48 72'],
    ['MaxStartups 10:30:10', 'MaxStartups 10'],
    [
      'Subsystem sftp "/usr/lib/sftp server" -l INFO',
      "Subsystem sftp '/usr/lib/sftp server'   -l INFO # why",
    ],
    [
      'Match User alice Address 10.0.0.1\nX11Forwarding no',
      'match address=10.0.0.1 USER "alice"\n x11forwarding no',
    ],
    ['Match all\nBanner none', 'Match ALL # x\nBanner None'],
    ['AuthorizedKeysFile .ssh/authorized_keys\nProtocol 2', 'AuthorizedKeysFile .ssh/authorized_keys'],
  ];
  for (const [first, ...others] of same)
    for (const other of others) t.strictSame(read(other), read(first), other);
  t.strictSame(
    plain('AllowUsers DOMAIN\\\\alice "b c"\nForceCommand echo "a  b" # c\nHostKey /a\nHostKey "/b c"\n'),
    {
      '/AllowUsers': 'DOMAIN\\alice "b c"',
      '/ForceCommand': 'echo "a  b" # c',
      '/HostKey': '/a "/b c"',
    },
  );
});

t.test('Match blocks: their order is a leaf, and their criteria a step', async (t) => {
  const leaves = read('Match User alice\nX11Forwarding no\nMatch Group "a b"\nMatch all\nPermitTTY no\n');
  t.strictSame(
    leaves,
    new Map<string, unknown>([
      ['/Match', new Map([['list', ['User alice', 'Group "a b"', 'all']]])],
      ['/Match/Group "a b"', new Map()],
      ['/Match/User alice/X11Forwarding', 'no'],
      ['/Match/all/PermitTTY', 'no'],
    ]),
  );
  t.notSame(
    read('Match User a\nPermitTTY no\nMatch User b\nPermitTTY yes\n'),
    read('Match User b\nPermitTTY yes\nMatch User a\nPermitTTY no\n'),
    'another order is another declaration',
  );
  t.strictSame(
    read('Match User a\nPermitTTY no\nMatch User b\nBanner none\nMatch User a\nX11Forwarding no\n'),
    read('Match User a\nPermitTTY no\nX11Forwarding no\nMatch User b\nBanner none\n'),
    'two blocks with the same criteria are one',
  );
});

t.test('what is refused, with its line', async (t) => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [
      '\nPermitRootLogn no',
      /^line 2: PermitRootLogn is no keyword of sshd_config\(5\); did you mean PermitRootLogin\?/,
    ],
    ['Port', /line 1: there is no argument after Port/],
    ['Banner "a', /line 1: a quote " is not closed/],
    ['X11Forwarding yes no', /takes one argument/],
    ['X11Forwarding true', /is one of yes, no/],
    ['Port == 22', /write one = after Port/],
    ['"Port" 22', /no quotes around the keyword/],
    ['Match User a\nPort 22', /line 2: Port cannot stand in a Match block/],
    ['Match User a\nSubsystem sftp internal-sftp\nMatch all\nUsePAM no', /line 4: UsePAM cannot/],
    ['Match all User a', /all stands alone/],
    ['Match Usr a', /Match takes User, Group/],
    ["Match User 'a b'", /read ' and \\ in criteria differently/],
    ['Match User = a', /no blanks around =/],
    ['Match', /no argument after Match/],
    [
      'Match User a\nPermitTTY no\nMatch User b\nBanner none\nMatch User a\nBanner /x\n',
      /line 6: a Match block with these criteria stands further up, and one between sets Banner/,
    ],
    ['FingerprintHash md5\nFingerprintHash sha256', /line 2: FingerprintHash has another value before/],
    [
      'PerSourceNetBlockSize 24:64\nPerSourceNetBlockSize 32:128',
      /line 2: PerSourceNetBlockSize has another value/,
    ],
    ['PerSourceMaxStartups 1\nPerSourceMaxStartups 2', /another value before/],
    ['Subsystem sftp /a\nSubsystem sftp /b', /another value before/],
    ['SetEnv A=1 A=2', /names a variable twice/],
    ['SetEnv A=1\nSetEnv B=2', /line 2: SetEnv has another value before/],
    ['AcceptEnv A=1', /without =/],
    ['AuthorizedKeysFile none /a', /stand alone/],
    [
      'Include /etc/ssh/x.conf',
      /line 1: it includes \/etc\/ssh\/x\.conf, and that file was not given; name it/,
    ],
    [
      'Include conf.d/*.conf',
      /line 1: it includes \/etc\/ssh\/conf\.d\/\*\.conf, and no file was given that it matches/,
    ],
    ['Include ~/x', /~ is whoever starts sshd/],
    ['Banner a\u0007b', /a control character/],
    ['Port 22\0', /a control character/],
    ['banner /etc/issue net', /takes one argument; put it in double quotes/],
  ];
  for (const [text, why] of refused) t.match(read(text), why, JSON.stringify(text));
});

const files = (...all: readonly (readonly [string, string])[]): SourceText[] =>
  all.map(([name, text]) => ({ name, text }));

t.test('included files are read where they are included, and nothing else is read', async (t) => {
  const including =
    'Include /etc/ssh/conf.d/*.conf\nPermitTTY yes\nMatch User a\nInclude inner.conf\nX11Forwarding no\n';
  const given = files(
    ['/etc/ssh/sshd_config', including],
    ['/etc/ssh/conf.d/20.conf', 'PermitTTY no\nBanner /b\n'],
    ['/etc/ssh/conf.d/10.conf', 'Banner /a\nMatch Host h\nBanner /h\n'],
    ['/etc/ssh/conf.d/.hidden.conf', 'Banner /hidden\n'],
    ['/etc/ssh/conf.d/README', 'never read'],
    ['/etc/ssh/inner.conf', 'PermitOpen any\nMatch Host i\nBanner /i\n'],
  );
  t.strictSame(
    leavesOf(declareSshd(given)),
    new Map<string, unknown>([
      ['/Banner', '/a'],
      ['/Match', new Map([['list', ['Host h', 'User a', 'User a Host i']]])],
      ['/Match/Host h/Banner', '/h'],
      ['/Match/User a Host i/Banner', '/i'],
      ['/Match/User a/PermitOpen', 'any'],
      ['/Match/User a/X11Forwarding', 'no'],
      ['/PermitTTY', 'no'],
    ]),
  );
  const whole = files(['/etc/ssh/sshd_config', 'Include conf.d/*.conf\nPort 22\n']);
  t.equal(
    leavesOf(declareSshd(whole, ['/etc/ssh'])).get('/Port'),
    '22',
    'a folder that has none includes none',
  );
  t.throws(() => declareSshd(whole, ['/etc/sshx', '/etc/ssh/conf.d2']), /no file was given/);
  const loop = files(['/etc/ssh/sshd_config', 'Include sshd_config\n']);
  t.throws(() => declareSshd(loop), /include each other more than 16 deep/);
  const wide = files(
    ['/etc/ssh/sshd_config', 'Include a\n'],
    ['/etc/ssh/a', 'Include b b b b b b b b b b\n'.repeat(20)],
    ['/etc/ssh/b', 'Include c c c c c c c c c c\n'.repeat(20)],
    ['/etc/ssh/c', '# nothing\nPort 22\n'.repeat(20)],
  );
  t.throws(() => declareSshd(wide), { code: 'too-large' });
  t.throws(
    () => declareSshd(files(['/etc/ssh/sshd_config', 'Include a\n'], ['/etc/ssh/a', '\nPort x\n'])),
    /^\/etc\/ssh\/a line 2: /m,
  );
  t.throws(() => declareSshd(files(['-', 'Include a[b]\n'])), /a pattern with .* is not read/);
  const main = (text: string) => ['/etc/ssh/sshd_config', text] as const;
  const many = files(main(`Include ${'*a'.repeat(300)}b\n`), [`/etc/ssh/${'a'.repeat(9_000)}`, '']);
  t.throws(() => declareSshd(many), /no file was given that it matches/, 'in little time');
  const matched = files(
    main('Include x*/?b*.c\n'),
    ['/etc/ssh/xy/abb.c', 'Port 1'],
    ['/etc/ssh/xy/bb.c', 'Port 2'],
    ['/etc/ssh/xy/b.c', 'Port 3'],
    ['/etc/ssh/xy/.b.c', 'Port 4'],
    ['/etc/ssh/xy/z/abb.c', 'Port 5'],
  );
  t.equal(leavesOf(declareSshd(matched)).get('/Port'), '1 2');
});

t.test('secrets in it are found', async (t) => {
  const reading = {
    source: SSHD_SOURCE,
    literal: false,
    ignore: [],
    sensitive: new Set<string>(),
    notSecret: new Set<string>(),
    salting: saltingBy(new Uint8Array(32)),
  };
  const found = (text: string): readonly string[] =>
    readSource([{ name: '-', text }], reading).unmarked.map(({ path }) => path);
  t.strictSame(found('SetEnv DB_PASSWORD=hunter2-hunter2\n'), ['/SetEnv']);
  t.strictSame(found('Match User a\nForceCommand curl -u a:hunter2-hunter2 http://b\n'), [
    '/Match/User a/ForceCommand',
  ]);
  t.strictSame(found('TrustedUserCAKeys /etc/ssh/ca.pub\nHostKey /etc/ssh/key\nHostKey /etc/ssh/key2\n'), []);
});

const oracle = new SshdOracle();
t.teardown(() => oracle.end());
const BY = { user: 'alice', host: 'a.example', addr: '10.0.0.1' };
const skip = oracle.works ? false : 'sshd is not here (Debian: openssh-server)';

t.test('the listing of sshd has the leaves of the file', { skip }, async (t) => {
  fc.assert(
    fc.property(sshdTexts, (text) => {
      const here = read(text);
      if (typeof here === 'string') return;
      const there = oracle.ask(text, BY);
      // What is enabled together is no matter of reading.
      if ('err' in there && there.err.includes('AuthenticationMethods')) return;
      if ('err' in there) throw new Error(`sshd refuses what is read here: ${there.err}`);
      const wrong = differences(here, there.out, BY);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    }),
    { numRuns: 60, seed: 15 },
  );
  const all = oracle.ask('');
  if ('err' in all) throw new Error(all.err);
  t.ok(plain(all.out)['/PermitRootLogin'], 'the whole listing is read');
  t.equal(effective(new Map([['/Port', '22']]), BY).get('/Port'), '22');
});
