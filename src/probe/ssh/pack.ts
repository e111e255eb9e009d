/** Ready claims of the probe `ssh@1`. */
import type { Parameter } from '../../statement/commitment.ts';
import type { Pack } from '../pack.ts';
import { rotationPack } from '../rotation.ts';
import { AUTH_METHODS, CIPHERS, HOST_KEYS, KEY_EXCHANGES, MACS, noneWeak } from './names.ts';

/** A list that begins so changes the one that is built into sshd, which no file has. */
const RELATIVE = /^[-+^]/;

function relativeFault(params: ReadonlyMap<string, Parameter>): string | undefined {
  for (const name of ['ciphers', 'macs', 'kex', 'hostKeyAlgorithms']) {
    const value = params.get(name);
    if (typeof value === 'string' && RELATIVE.test(value))
      return (
        `${name} begins with +, - or ^, so what it means depends on the version of sshd; ` +
        'declare the listing of `sshd -T`, which has the whole list'
      );
  }
  return undefined;
}

const SWITCHES = ['passwordAuthentication', 'kbdInteractiveAuthentication', 'pubkeyAuthentication'];

function switchFault(params: ReadonlyMap<string, Parameter>): string | undefined {
  const wrong = SWITCHES.find((name) => !['yes', 'no', undefined].includes(params.get(name)?.toString()));
  return wrong === undefined ? undefined : `${wrong} is yes or no`;
}

/**
 * Nobody is let in without proof, and a method is not offered where its setting is `no`. Where it is `yes`, sshd may have other
 * reasons not to offer it: AuthenticationMethods, no PAM.
 */
function onlyIf(method: string, setting: string): string {
  return `!o.ssh.auth.anybody && (p.${setting} == 'yes' || !('${method}' in o.ssh.auth.methods))`;
}

export const SSH_PACKS: Readonly<Record<string, Pack>> = {
  'ssh-hardening': {
    summary: 'an SSH server offers no broken algorithm, and has the host key that is declared',
    needs: ['fingerprint'],
    claims: [
      {
        id: 'ssh-host-key',
        title: 'The host key is the one declared',
        expr: 'o.ssh.hostKey.fingerprint == p.fingerprint',
        minEvidence: 'E3',
        severity: 'critical',
      },
      {
        id: 'ssh-ciphers',
        title: 'Offers no CBC, no cipher with blocks of 64 bits, no RC4, and not the cipher none',
        expr: noneWeak('o.ssh.ciphers', CIPHERS),
        minEvidence: 'E3',
        severity: 'high',
      },
      {
        id: 'ssh-macs',
        title: 'Offers no MAC on MD5, SHA-1 or RIPEMD, no MAC of less than 128 bits, and not the MAC none',
        expr: noneWeak('o.ssh.macs', MACS),
        minEvidence: 'E3',
        severity: 'medium',
      },
      {
        id: 'ssh-kex',
        title: 'Offers no key exchange on SHA-1, or in a group that is too small',
        expr: noneWeak('o.ssh.kex', KEY_EXCHANGES),
        minEvidence: 'E3',
        severity: 'high',
      },
      {
        id: 'ssh-signatures',
        title: 'Offers no host key algorithm on SHA-1, and no DSA',
        expr: noneWeak('o.ssh.hostKeys', HOST_KEYS),
        minEvidence: 'E3',
        severity: 'medium',
      },
    ],
  },
  'sshd-as-declared': {
    summary:
      'an SSH server offers the algorithms that its declared configuration names (leaves of `commit sshd`), all of them and no other',
    needs: [],
    leaves: {
      ciphers: '/Ciphers',
      macs: '/MACs',
      kex: '/KexAlgorithms',
      hostKeyAlgorithms: '/HostKeyAlgorithms',
    },
    fault: relativeFault,
    claims: [
      {
        id: 'ssh-ciphers-declared',
        title: 'Offers the ciphers that are declared, in their order',
        expr: "o.ssh.ciphers.join(',') == p.ciphers",
        minEvidence: 'E3',
        severity: 'high',
        reads: ['ciphers'],
      },
      {
        id: 'ssh-macs-declared',
        title: 'Offers the MACs that are declared, in their order',
        expr: "o.ssh.macs.join(',') == p.macs",
        minEvidence: 'E3',
        severity: 'high',
        reads: ['macs'],
      },
      {
        id: 'ssh-kex-declared',
        title: 'Offers the key exchanges that are declared, in their order',
        expr: "o.ssh.kex.join(',') == p.kex",
        minEvidence: 'E3',
        severity: 'high',
        reads: ['kex'],
      },
      {
        id: 'ssh-signatures-declared',
        // A server offers only those for which it has a key.
        title: 'Offers no host key algorithm that is not declared',
        expr: "o.ssh.hostKeys.all(each, each in p.hostKeyAlgorithms.split(','))",
        minEvidence: 'E3',
        severity: 'high',
        reads: ['hostKeyAlgorithms'],
      },
    ],
  },
  'sshd-logins-as-declared': {
    summary:
      'an SSH server offers a user (params.user) no way to log in that its declared configuration does not allow (class E1: nobody signs it)',
    needs: [],
    defaults: { auth: true },
    leaves: {
      passwordAuthentication: '/PasswordAuthentication',
      kbdInteractiveAuthentication: '/KbdInteractiveAuthentication',
      pubkeyAuthentication: '/PubkeyAuthentication',
    },
    fault: switchFault,
    claims: [
      {
        id: 'ssh-password-declared',
        title: 'Offers the user and address of the request a log-in by password only if it is declared',
        expr: onlyIf('password', 'passwordAuthentication'),
        severity: 'critical',
        reads: ['passwordAuthentication'],
      },
      {
        id: 'ssh-keyboard-declared',
        title: 'The same of keyboard-interactive',
        expr: onlyIf('keyboard-interactive', 'kbdInteractiveAuthentication'),
        severity: 'high',
        reads: ['kbdInteractiveAuthentication'],
      },
      {
        id: 'ssh-publickey-declared',
        title: 'The same of public keys',
        expr: onlyIf('publickey', 'pubkeyAuthentication'),
        severity: 'medium',
        reads: ['pubkeyAuthentication'],
      },
    ],
  },
  'ssh-key-rotation': rotationPack('ssh-key-rotation', 'the host key', 'ssh.hostKey.fingerprint'),
  'ssh-no-passwords': {
    summary:
      'an SSH server does not let a user (params.user) log in with a password, or with nothing (class E1: nobody signs it)',
    needs: [],
    defaults: { auth: true },
    claims: [
      {
        id: 'ssh-no-passwords',
        title:
          'Offers the user and address of the request no log-in by password or keyboard-interactive, and none without proof',
        expr: `!o.ssh.auth.anybody && ${noneWeak('o.ssh.auth.methods', AUTH_METHODS)}`,
        severity: 'critical',
      },
    ],
  },
};
