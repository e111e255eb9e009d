/** Configurations of sshd to try, within bounds: keywords, spellings, repeats, Match blocks. */
import fc from 'fast-check';

const FLAGS = ['yes', 'no', 'YES', 'No'];
const ALGORITHMS = {
  ciphers: ['aes128-ctr', 'aes256-gcm@openssh.com,aes128-ctr', '-aes128-cbc'],
  macs: ['hmac-sha2-256', 'hmac-sha2-512,hmac-sha2-256'],
};

/** Keyword → values to try; those with `?` before them are wrong, and tried seldom. Each value is one word, or several in a list. */
const ANYWHERE: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  PermitRootLogin: ['yes', 'no', 'without-password', 'prohibit-password', 'Forced-Commands-Only', '?maybe'],
  PasswordAuthentication: [...FLAGS, '?true'],
  ChallengeResponseAuthentication: FLAGS,
  KbdInteractiveAuthentication: FLAGS,
  PubkeyAuthentication: FLAGS,
  X11Forwarding: [...FLAGS, ['?yes', 'no']],
  PermitTTY: FLAGS,
  GatewayPorts: ['yes', 'no', 'clientspecified'],
  AllowTcpForwarding: ['all', 'yes', 'local', 'Remote', 'no'],
  LogLevel: ['info', 'VERBOSE', 'debug1', 'DEBUG', 'DEBUG3', '?loud'],
  ClientAliveInterval: ['30', '1m', '1h30m', '2M', '1w2d', '?1x', '?', '007'],
  ClientAliveCountMax: ['3', '0', '08', '?three'],
  MaxAuthTries: ['6', '1'],
  Banner: ['none', 'NONE', '/etc/issue', '/a#b', 'C:\\x'],
  ForceCommand: ['internal-sftp', ['/bin/echo', 'a b', '#c'], ['NONE']],
  ChrootDirectory: ['/srv/%u', 'none'],
  AuthorizedKeysFile: [['.ssh/authorized_keys', '/etc/keys/%u'], '/k y', 'none', ['?none', '/x']],
  AuthenticationMethods: [['publickey', 'password'], 'any', ['?any', 'publickey'], 'publickey,password'],
  AllowUsers: ['alice', ['bob', 'carol@10.0.0.*'], 'DOMAIN\\dave', '?'],
  DenyGroups: ['a', ['b', 'c']],
  AcceptEnv: ['LANG', ['LC_*', 'TZ'], '?A=b'],
  SetEnv: ['A=1', ['B=xy', 'C=2'], ['?A=1', 'A=2'], '?D'],
  PermitOpen: ['any', 'none', ['h:22', '[::1]:80'], ['?h:22', 'any']],
  PermitListen: ['8080', 'h:80', 'any'],
  PermitTunnel: ['yes', 'point-to-point', 'no'],
  StreamLocalBindUnlink: FLAGS,
  IgnoreRhosts: ['yes', 'no', 'shosts-only'],
  PubkeyAuthOptions: ['none', 'touch-required', ['verify-required', 'touch-required'], '?x'],
  RSAAuthentication: ['yes', ['yes', 'no']],
  ExposeAuthInfo: FLAGS,
};
const GLOBALLY: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  // Of these sshd takes the first, the last, or a part of each, by its version: of several Match blocks, too.
  IPQoS: ['af21', ['cs0', 'le'], 'EF', '0x10', '17', 'none', ['reliability', 'lowdelay'], '?256'],
  RekeyLimit: ['default', '1G', ['512M', '1h'], ['default', 'none'], '?15', '32k'],
  StreamLocalBindMask: ['0177', '22', '?08', '?7777'],
  UnusedConnectionTimeout: ['none', '5m', '0'],
  Port: ['22', '2222', '?0', '?70000', '?ssh'],
  AddressFamily: ['any', 'inet', 'INET6', '?inet4'],
  LoginGraceTime: ['2m', '120', '0'],
  SyslogFacility: ['AUTH', 'local7', '?auth2'],
  StrictModes: FLAGS,
  UseDNS: FLAGS,
  UsePAM: FLAGS,
  Compression: ['yes', 'delayed', 'no'],
  FingerprintHash: ['md5', 'sha256', 'SHA256', 'sha1'],
  MaxStartups: ['10', '10:30:60', '?10:30', '?60:30:10', '?5:101:9'],
  PerSourceMaxStartups: ['none', '5'],
  PerSourceNetBlockSize: ['32:128', '24:64', '?33:1'],
  PermitUserEnvironment: ['yes', 'no', 'LANG,LC_*'],
  TCPKeepAlive: FLAGS,
  KeepAlive: FLAGS,
  UsePrivilegeSeparation: ['sandbox'],
  Protocol: ['2', '2,1'],
  VersionAddendum: ['none', ['a', 'b', '# c'], 'None'],
  Ciphers: ALGORITHMS.ciphers,
  MACs: ALGORITHMS.macs,
  Subsystem: [['sftp', '/usr/lib/sftp-server'], ['sftp', 'internal-sftp', '-l', 'INFO'], ['x', '/a b'], '?y'],
  PidFile: ['/run/sshd.pid', 'none'],
  PrintMotd: FLAGS,
  DebianBanner: FLAGS,
};

const isWrong = (value: string | readonly string[]): boolean =>
  (typeof value === 'string' ? value : value[0])?.startsWith('?') === true;

type Table = Readonly<Record<string, readonly (string | readonly string[])[]>>;
const ROW = (table: Table) =>
  fc
    .tuple(fc.constantFrom(...Object.entries(table)), fc.integer({ min: 1, max: 25 }))
    .chain(([[name, values], seldom]) => {
      const wrong = values.filter(isWrong);
      const among = seldom === 1 && wrong.length > 0 ? wrong : values.filter((each) => !isWrong(each));
      return fc.record({ name: fc.constant(name), value: fc.constantFrom(...among) });
    });

const SPELLING = fc.record({
  lower: fc.boolean(),
  between: fc.constantFrom(...Array<string>(60).fill(' '), '\t', '=', ' = ', '  ', ' =', ' = ', ' =', ' == '),
  quote: fc.constantFrom('', '', '"', "'"),
  before: fc.constantFrom('', '', '  ', '\t'),
  after: fc.constantFrom(
    ...Array<string>(40).fill(''),
    ' # why',
    ' # why',
    ' # why',
    ' # why',
    '  ',
    '  ',
    '#x',
    ' \t\r',
  ),
});

const line = (table: Table) =>
  fc.tuple(ROW(table), SPELLING).map(([{ name, value }, { lower, between, quote, before, after }]) => {
    const words = (typeof value === 'string' ? [value] : value).map((word) => word.replace(/^\?/, ''));
    const spelt = words.map((word) =>
      quote !== '' || word === '' ? `${quote || '"'}${word}${quote || '"'}` : word,
    );
    return `${before}${lower ? name.toLowerCase() : name}${between}${spelt.join(' ')}${after}\n`;
  });

const criterion = fc.constantFrom(
  'User alice',
  'user=bob',
  'USER alice,bob',
  'Host *.example',
  'Address 10.0.0.1',
  'User "alice"',
);
const block = fc
  .tuple(
    fc.uniqueArray(criterion, { minLength: 1, maxLength: 2 }),
    fc.array(line(ANYWHERE), { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([criteria, lines, all]) => `${all ? 'Match all' : `Match ${criteria.join(' ')}`}\n${lines.join('')}`);

/** A few lines, then Match blocks. */
export const sshdTexts = fc
  .tuple(
    fc.array(fc.oneof(line(ANYWHERE), line(GLOBALLY), fc.constantFrom('\n', '# a\n', '  \t#b\n')), {
      maxLength: 4,
    }),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(block, { maxLength: 4 }) },
    ),
  )
  .map(([lines, blocks]) => [...lines, ...blocks].join(''));
