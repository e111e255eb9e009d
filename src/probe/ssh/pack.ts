/** Ready claims of the probe `ssh@1`. */
import type { Pack } from '../pack.ts';
import { rotationPack } from '../rotation.ts';
import { AUTH_METHODS, CIPHERS, HOST_KEYS, KEY_EXCHANGES, MACS, noneWeak } from './names.ts';

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
