/** What the listing of `sshd -T` tells of a configuration: the settings outside of Match blocks, as this sshd takes them. */

/** Settings whose value is a path, or several. */
const PATHS =
  /^\/(?:Banner|PidFile|ModuliFile|XAuthLocation|TrustedUserCAKeys|RevokedKeys|HostKeyAgent|SecurityKeyProvider|AuthorizedKeysFile|AuthorizedPrincipalsFile)$/;

/**
 * Whether sshd may print another value for a setting of a file: lists of algorithms that change its own (`+`, `-`, `^`, stars),
 * addresses without their port, names of hosts, paths from where sshd was started or from a home, `/` that is said twice.
 */
export function mayDiffer(path: string, value: string): boolean {
  if (/Algorithms$|^\/Ciphers$|^\/MACs$/.test(path)) return /^[-+^]|\*/.test(value);
  // The listing has no quotes.
  if (value.includes('"') && path !== '/ForceCommand') return true;
  if (path === '/ListenAddress' || path === '/DebianBanner') return true;
  if (/^\/(?:HostKey|HostCertificate)$/.test(path)) return true;
  return PATHS.test(path) && !/^(?:\/|none$|internal$|\.ssh\/)/.test(value);
}

/** Whether the listing tells nothing of a declared leaf. */
export function isUnlisted(path: string, value: unknown): boolean {
  return (
    path === '/Match' || path.startsWith('/Match/') || (typeof value === 'string' && mayDiffer(path, value))
  );
}
