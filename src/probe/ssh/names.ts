/**
 * The names of SSH algorithms, and which of them are weak: those of IANA's "Secure Shell (SSH) Protocol Parameters", of OpenSSH
 * and of other servers, as of `AS_OF`. Whole names are compared, since the end of a name has no meaning (RFC 4462 ends names of
 * key exchanges with a digest of the mechanism). A name that is not here is unknown: neither a pass nor a violation.
 */

const AS_OF = '2026-11-29';

interface Names {
  readonly good: readonly string[];
  readonly weak: readonly string[];
}

const words = (...lines: readonly string[]): readonly string[] => lines.flatMap((line) => line.split(' '));

/** Names of key exchanges. Each word is a regular expression of whole names, in which a dot stands for itself. */
export const KEY_EXCHANGES: Names = {
  good: words(
    'curve25519-sha256(@libssh.org)? curve448-sha512 ecdh-sha2-nistp(256|384|521)',
    'ecdh-sha2-1.3.132.0.(10|16|26|27|33|36|37|38) ecmqv-sha2',
    'diffie-hellman-group(14-sha256|15-sha512|16-sha512|17-sha512|18-sha512)',
    'diffie-hellman-group-exchange-sha256 diffie-hellman-group-exchange-sha(224|384|512)@ssh.com',
    'diffie-hellman-group(14-sha224|14-sha256|15-sha256|15-sha384|16-sha384|16-sha512|18-sha512)@ssh.com',
    'rsa2048-sha256 sntrup761x25519-sha512(@openssh.com)? sntrup4591761x25519-sha512@tinyssh.org',
    'mlkem768x25519-sha256 mlkem768nistp256-sha256 mlkem1024nistp384-sha384',
    'gss-(group14-sha256|group15-sha512|group16-sha512|group17-sha512|group18-sha512)-{mech}',
    'gss-(nistp256-sha256|nistp384-sha384|nistp521-sha512|curve25519-sha256|curve448-sha512)-{mech}',
    // Markers, which are no algorithms (RFC 8308 §2.1; OpenSSH, PROTOCOL §1.10; draft-ietf-sshm-strict-kex).
    'ext-info-[cs] kex-strict-[cs](-v00@openssh.com)? kexguess2@matt.ucc.asn.au',
  ),
  weak: words(
    'diffie-hellman-group(1|14)-sha1 diffie-hellman-group-exchange-sha1 diffie-hellman-group1-sha256 rsa1024-sha1',
    'diffie-hellman-group(14|15|16)-sha1@ssh.com gss-(group1|group14|gex|group-exchange)-sha1-{mech}',
    // Curves of less than 224 bits.
    'ecdh-sha2-(1.3.132.0.1|1.2.840.10045.3.1.1) none',
  ),
};

export const CIPHERS: Names = {
  good: words(
    'chacha20-poly1305(@openssh.com)? aes(128|192|256)-ctr aes(128|256)-gcm(@openssh.com)?',
    'AEAD_AES_(128|256)_(GCM|CCM) (twofish|serpent)(128|192|256)-ctr camellia(128|192|256)-ctr(@openssh.org)?',
    'twofish(128|192|256)-gcm@libassh.org serpent(128|192|256)-gcm@libassh.org',
  ),
  weak: words(
    'none aes(128|192|256)-cbc rijndael(128|192|256)-cbc rijndael-cbc@lysator.liu.se rijndael(128|192|256)-cbc@ssh.com',
    '3des 3des-(cbc|ctr|ecb|cfb|ofb) des des-(cbc|ctr|ecb|cfb|ofb) des-cbc@ssh.com des-cbc-ssh1',
    'blowfish blowfish-(cbc|ctr|ecb|cfb|ofb) cast128-(cbc|ctr|ecb|cfb|ofb) cast128-12-(cbc|ctr|ecb|cfb|ofb)@ssh.com',
    'idea-(cbc|ctr|ecb|cfb|ofb) arcfour arcfour(128|256) seed-cbc@ssh.com seed-(cbc|ctr)@ssh.com acss@openssh.org',
    '(twofish|serpent|camellia)(128|192|256)-(cbc|ecb|cfb|ofb) twofish-(cbc|ecb|cfb|ofb) rc2-cbc(@ssh.com)?',
    'camellia(128|192|256)-cbc@openssh.org',
  ),
};

export const MACS: Names = {
  good: words(
    'hmac-sha2-(256|512)(-etm@openssh.com)? umac-128(-etm)?@openssh.com umac-128 AEAD_AES_(128|256)_(GCM|CCM)',
    'hmac-sha2-(224|384)(@ssh.com)? hmac-sha(224|256|384|512)(@ssh.com)? hmac-sha2-(256|512)@ssh.com hmac-sha3-(256|384|512)',
    // Ciphers that authenticate, which some servers also list as a MAC.
    'aes(128|256)-gcm(@openssh.com)? chacha20-poly1305(@openssh.com)?',
  ),
  weak: words(
    'none hmac-sha1(-96)?(-etm@openssh.com)? hmac-sha1(-96)?@ssh.com hmac-md5(-96)?(-etm@openssh.com)?',
    'hmac-md5(-96)?@ssh.com umac-(32|64|96)(-etm)?@openssh.com umac-(32|64|96)',
    'hmac-ripemd(128|160)?(-96)? hmac-ripemd(160)?@openssh.com hmac-ripemd160-etm@openssh.com hmac-ripemd160@ssh.com',
    'ripemd160(-hmac)? md5-8 sha1-8 hmac-sha2-(256|512)-96(-etm@openssh.com)? hmac-sha256-96(@ssh.com)?',
    'hmac-tiger(128|160|192)(-96)?(@ssh.com)? crypticore-mac@ssh.com hmac-whirlpool-96',
  ),
};

export const HOST_KEYS: Names = {
  good: words(
    '(sk-)?ssh-ed25519(@openssh.com)? (sk-)?ssh-ed25519-cert-v01@openssh.com ssh-ed448 ssh-ed25519-cert-v01',
    'ecdsa-sha2-nistp(256|384|521)(-cert-v01@openssh.com)? (webauthn-)?sk-ecdsa-sha2-nistp256(-cert-v01)?@openssh.com',
    'ecdsa-sha2-1.3.132.0.(10|16|26|27|33|36|37|38) rsa-sha2-(256|512)(-cert-v01@openssh.com)?',
    'ssh-rsa-sha(224|256|384|512)@ssh.com x509v3-(rsa2048-sha256|ecdsa-sha2-nistp(256|384|521)) pgp-sign-(rsa|ed25519)-sha2',
    'x509v3-sign-rsa-sha(224|256|384|512)@ssh.com x509v3-ssh-ed25519 ssh-(mldsa-?(44|65|87)|slh-dsa-[a-z0-9-]+)(@openssh.com)?',
  ),
  weak: words(
    'ssh-rsa ssh-dss ssh-dsa ssh-rsa-cert-v0[01]@openssh.com ssh-dss-cert-v0[01]@openssh.com ssh-rsa1 null',
    'x509v3-(ssh|sign)-(rsa|dss)(-sha1)? x509v3-sign-rsa-sha1@ssh.com x509v3-sign-(rsa|dss)(-sha1)?@ssh.com',
    'pgp-sign-(rsa|dss) spki-sign-(rsa|dss) ecdsa-sha2-(1.3.132.0.1|1.2.840.10045.3.1.1)',
    'ssh-dss-sha(224|256|384|512)@ssh.com ssh-gost2001',
  ),
};

/** Ways to log in (RFC 4252, 4256, 4462). Weak are those for which a password is enough, sent at once or in a dialogue, or nothing. */
export const AUTH_METHODS: Names = {
  good: words(
    'publickey(-hostbound-v00@openssh.com)? hostbased gssapi-with-mic gssapi-keyex gssapi external-keyx',
  ),
  weak: words('password keyboard-interactive none securid(-1)?@ssh.com securid kerberos-2@ssh.com'),
};

/** The pattern of a mechanism: the base64 MD5 of its OID (RFC 4462 §2.3), or the OID. */
const MECHANISM = '(?:[A-Za-z0-9+/]{22}==|[0-9]+(?:\\.[0-9]+)+)';

/** Most characters of names in one pattern: the longest pattern of an expression (spec/claims.md), less what stands around them. */
const MAX_PATTERN = 500;

/** Patterns that together match the names and nothing else. */
function patterns(names: readonly string[]): readonly string[] {
  const all: string[] = [];
  for (const name of names) {
    const one = name.replaceAll('.', '\\.').replaceAll('(', '(?:').replaceAll('{mech}', MECHANISM);
    const last = all.at(-1);
    if (last === undefined || last.length + one.length >= MAX_PATTERN) all.push(one);
    else all[all.length - 1] = `${last}|${one}`;
  }
  return all.map((each) => `^(?:${each})$`);
}

/** An expression that holds if the name `n` is one of these. */
function among(names: readonly string[]): string {
  return patterns(names)
    .map((each) => `n.matches(r'${each}')`)
    .join(' || ');
}

/**
 * An expression that holds if no name of a list is weak. A weak name is a violation. Without one, a name that the table lacks
 * makes the claim UNKNOWN, and is shown.
 */
export function noneWeak(list: string, { good, weak }: Names): string {
  const unknown = `{'': true}[n + ' is not in the table of ${AS_OF}']`;
  return `${list}.all(n, ${among(good)} || (${among(weak)} ? false : ${unknown}))`;
}
