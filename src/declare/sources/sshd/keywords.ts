/**
 * Keywords of sshd_config(5), OpenSSH 8.7 to 10.5 and the patches of Debian and Fedora, in its spelling: how arguments are
 * read, whether a Match block may have them, and what a second line of the same keyword does.
 */
import * as as from './values.ts';

export interface Keyword {
  readonly name: string;
  readonly valueOf: as.ValueOf;
  /** May stand in a Match block. */
  readonly inMatch: boolean;
  /**
   * Of a second line: sshd goes by the first, or adds its arguments. Where it does neither, or does what nobody expects, a second
   * line is refused if it differs; `listed`: but in a listing of `sshd -T` the lines add up.
   */
  readonly again: 'first' | 'more' | 'refused' | 'listed';
}

/** Names that go together: the ones that a Match block may have, then those that it may not have. */
type Row = readonly [valueOf: as.ValueOf, inMatch: string, globally: string, again?: Keyword['again']];

const FORWARDING = as.choice('yes', 'all=yes', 'no', 'remote', 'local');

const ROWS: readonly Row[] = [
  [
    as.flag,
    'HostbasedAuthentication HostbasedUsesNameFromPacketOnly PubkeyAuthentication KerberosAuthentication GSSAPIAuthentication ' +
      'PasswordAuthentication KbdInteractiveAuthentication X11Forwarding X11UseLocalhost PermitTTY PermitUserRC ' +
      'PermitEmptyPasswords AllowAgentForwarding DisableForwarding StreamLocalBindUnlink ExposeAuthInfo RefuseConnection',
    'UsePAM IgnoreUserKnownHosts KerberosOrLocalPasswd KerberosTicketCleanup KerberosGetAFSToken GSSAPICleanupCredentials ' +
      'GSSAPIDelegateCredentials GSSAPIStrictAcceptorCheck GSSAPIKeyExchange GSSAPIStoreCredentialsOnRekey PrintMotd ' +
      'PrintLastLog StrictModes TCPKeepAlive UseDNS DebianBanner GSSAPIEnablek5users',
  ],
  [
    as.choice('prohibit-password', 'without-password=prohibit-password', 'forced-commands-only', 'yes', 'no'),
    'PermitRootLogin',
    '',
  ],
  [as.choice('yes', 'no', 'shosts-only'), 'IgnoreRhosts', ''],
  [as.choice('any', 'inet', 'inet6'), '', 'AddressFamily'],
  [as.choice('yes', 'delayed=yes', 'no'), '', 'Compression'],
  [as.choice('yes', 'no', 'clientspecified'), 'GatewayPorts', ''],
  [FORWARDING, 'AllowTcpForwarding AllowStreamLocalForwarding', ''],
  [as.choice('yes', 'no', 'point-to-point', 'ethernet'), 'PermitTunnel', ''],
  [
    as.choice(
      'QUIET',
      'SILENT=QUIET',
      'FATAL',
      'ERROR',
      'INFO',
      'VERBOSE',
      'DEBUG',
      'DEBUG1=DEBUG',
      'DEBUG2',
      'DEBUG3',
    ),
    'LogLevel',
    '',
  ],
  [
    as.choice('DAEMON', 'USER', 'AUTH', 'AUTHPRIV', ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `LOCAL${n}`)),
    '',
    'SyslogFacility',
  ],
  [as.choice('MD5', 'SHA1', 'SHA256', 'SHA384', 'SHA512'), '', 'FingerprintHash', 'refused'],
  [as.time, 'ClientAliveInterval', 'LoginGraceTime'],
  [as.timeOrNone, 'UnusedConnectionTimeout', '', 'refused'],
  [as.whole, 'X11DisplayOffset MaxAuthTries MaxSessions ClientAliveCountMax RequiredRSASize', ''],
  [as.wholeOrNone, '', 'PerSourceMaxStartups', 'refused'],
  [
    as.text,
    'AuthorizedPrincipalsFile Banner ChrootDirectory ' +
      'TrustedUserCAKeys AuthorizedKeysCommandUser AuthorizedPrincipalsCommandUser RDomain PAMServiceName',
    'HostKeyAgent PidFile ModuliFile XAuthLocation ' +
      'SecurityKeyProvider SshdSessionPath SshdAuthPath PerSourcePenaltyExemptList',
  ],
  [
    as.algorithms,
    'HostbasedAcceptedAlgorithms CASignatureAlgorithms PubkeyAcceptedAlgorithms',
    'Ciphers MACs KexAlgorithms HostKeyAlgorithms GSSAPIKexAlgorithms',
  ],
  [as.userEnvironment, '', 'PermitUserEnvironment'],
  [as.wordsOrNone, 'LogVerbose AuthorizedKeysFile RevokedKeys ChannelTimeout', ''],
  [as.methods, 'AuthenticationMethods', ''],
  [as.opens, 'PermitOpen', ''],
  [as.listens, 'PermitListen', ''],
  [as.environment, 'SetEnv', '', 'listed'],
  [as.keyOptions, 'PubkeyAuthOptions', ''],
  [as.words, '', 'PerSourcePenalties', 'refused'],
  [as.words, 'AllowUsers DenyUsers AllowGroups DenyGroups', '', 'more'],
  [as.variables, 'AcceptEnv', '', 'more'],
  [as.text, '', 'HostKey HostCertificate', 'more'],
  [as.port, '', 'Port', 'more'],
  [as.listenAddress, '', 'ListenAddress', 'more'],
  [as.raw, 'ForceCommand', 'VersionAddendum'],
  [as.command, 'AuthorizedKeysCommand AuthorizedPrincipalsCommand', ''],
  [as.maxStartups, '', 'MaxStartups'],
  [as.netBlockSize, '', 'PerSourceNetBlockSize', 'refused'],
  [as.rekeyLimit, 'RekeyLimit', '', 'refused'],
  [as.octal, 'StreamLocalBindMask', '', 'refused'],
  [as.qualities, 'IPQoS', '', 'refused'],
];

/** By their names in lower case. */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  ROWS.flatMap(([valueOf, inMatch, globally, again = 'first']) =>
    [inMatch, globally].flatMap((names, i) =>
      names
        .split(' ')
        .filter(Boolean)
        .map((name) => [name.toLowerCase(), { name, valueOf, inMatch: i === 0, again }] as const),
    ),
  ),
);

/** Older names → what sshd takes them for. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['hostdsakey', 'hostkey'],
  ['hostbasedacceptedkeytypes', 'hostbasedacceptedalgorithms'],
  ['pubkeyacceptedkeytypes', 'pubkeyacceptedalgorithms'],
  ['dsaauthentication', 'pubkeyauthentication'],
  ['challengeresponseauthentication', 'kbdinteractiveauthentication'],
  ['skeyauthentication', 'kbdinteractiveauthentication'],
  ['keepalive', 'tcpkeepalive'],
  ['rsaminsize', 'requiredrsasize'],
]);

/** Keywords that sshd takes and ignores, in the spelling of its source. */
export const IGNORED: ReadonlyMap<string, string> = new Map(
  (
    'ServerKeyBits KeyRegenerationInterval RhostsAuthentication RhostsRSAAuthentication RSAAuthentication CheckMail UseLogin ' +
    'VerifyReverseMapping ReverseMappingCheck AuthorizedKeysFile2 UsePrivilegeSeparation KerberosTgtPassing AFSTokenPassing ' +
    'Protocol PAMAuthenticationViaKbdInt'
  )
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);
