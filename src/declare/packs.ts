/**
 * Ready claims. A pack takes parameters, which its claims hand to their probe; `cadence` and the like can be
 * overridden in the claims file. What a claim supports is named as a control, which no claim fulfils alone.
 */
import { refuse } from '../bytes/refusal.ts';
import type { Claim, Parameter } from '../statement/commitment.ts';
import type { Tier } from '../statement/vocabulary.ts';
import { TRANSMISSION } from './controls.ts';
import { IAM_READ_ONLY } from './pack-iam.ts';
import { POSTGRES_READ_ONLY, POSTGRES_SETTINGS } from './pack-postgres.ts';
import { HOUR, type Draft, type Pack } from './pack.ts';
import { AUTH_METHODS, CIPHERS, HOST_KEYS, KEY_EXCHANGES, MACS, noneWeak } from './ssh-names.ts';
import { PACES } from './tiers.ts';

const TLS: readonly Draft[] = [
  {
    id: 'tls13-accepted',
    title: 'Accepts TLS 1.3',
    expr: "o.tls.accepted['TLSv1.3']",
    minEvidence: 'E3',
    severity: 'high',
    controls: TRANSMISSION,
  },
  {
    id: 'tls12-refused',
    title: 'Refuses TLS 1.2 (nobody signs a refusal: class E1)',
    expr: "!o.tls.accepted['TLSv1.2']",
    severity: 'critical',
    controls: TRANSMISSION,
  },
  {
    id: 'old-tls-refused',
    title: 'Refuses TLS 1.1 and 1.0',
    expr: "!o.tls.accepted['TLSv1.1'] && !o.tls.accepted['TLSv1']",
    severity: 'critical',
    controls: TRANSMISSION,
  },
  {
    id: 'certificate-lasts',
    title: 'Every certificate of the server is good for some days more',
    // One that is not valid yet has many days left.
    expr: 'o.tls.certificates.all(c, c.daysLeft >= p.days && c.ageDays >= 0)',
    severity: 'high',
    fastest: 24 * HOUR,
  },
];

export const PACKS: Readonly<Record<string, Pack>> = {
  'https-tls': {
    summary: 'a server speaks TLS 1.3, nothing older, with a certificate that lasts',
    probe: 'tls@1',
    needs: [],
    defaults: { days: 14 },
    claims: TLS,
  },
  'postgres-tls': {
    summary: 'the same of PostgreSQL, through its SSLRequest',
    probe: 'tls@1',
    needs: [],
    defaults: { days: 14, starttls: 'postgres' },
    claims: TLS,
  },
  'ssh-hardening': {
    summary: 'an SSH server offers no broken algorithm, and has the host key it should have',
    probe: 'ssh@1',
    needs: ['fingerprint'],
    claims: [
      {
        id: 'ssh-host-key',
        title: 'Its host key is the one declared',
        expr: 'o.ssh.hostKey.fingerprint == p.fingerprint',
        minEvidence: 'E3',
        severity: 'critical',
      },
      {
        id: 'ssh-ciphers',
        title: 'Offers no CBC, no cipher with blocks of 64 bits, no RC4, and none',
        expr: noneWeak('o.ssh.ciphers', CIPHERS),
        minEvidence: 'E3',
        severity: 'high',
      },
      {
        id: 'ssh-macs',
        title: 'Offers no MAC on MD5, SHA-1 or RIPEMD, with less than 128 bits, or none',
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
  'ssh-no-passwords': {
    summary: 'an SSH server lets nobody log in with a password, or with nothing (class E1: nobody signs it)',
    probe: 'ssh@1',
    needs: [],
    defaults: { auth: true },
    claims: [
      {
        id: 'ssh-no-passwords',
        title: 'Offers no log-in by password or keyboard-interactive, and lets in nobody who shows nothing',
        expr: `!o.ssh.auth.anybody && ${noneWeak('o.ssh.auth.methods', AUTH_METHODS)}`,
        severity: 'critical',
      },
    ],
  },
  'rate-limit': {
    summary: 'a web server enforces the rate limit it is said to have, seen by a bounded burst',
    probe: 'http@1',
    needs: ['rate'],
    defaults: { requests: 40, burst: 0 },
    // A burst uses up the allowance of the agent's address.
    fastest: HOUR,
    claims: [
      {
        id: 'rate-limited',
        title: 'Lets through no more than was declared',
        expr: 'o.http.burst.enforced',
        severity: 'high',
      },
    ],
  },
  'auth-required': {
    summary: 'a path of a web server answers nobody without credentials, or with wrong ones',
    probe: 'http@1',
    needs: [],
    defaults: { auth: true },
    claims: [
      {
        id: 'auth-required',
        title: 'Answers 401 or 403 without credentials and with wrong ones',
        expr: 'o.http.auth.required',
        severity: 'critical',
      },
    ],
  },
  'file-integrity': {
    summary: 'the files below a folder are the committed ones, all of them, and no others',
    probe: 'files@1',
    needs: [],
    claims: [
      {
        id: 'files-unchanged',
        title: 'Content, mode and kind of every declared file are as declared',
        expr: 'size(o.files.differing) == 0 && size(o.files.missing) == 0 && o.files.whole',
        severity: 'critical',
      },
      {
        id: 'files-closed',
        title: 'There is nothing that was not declared',
        expr: 'size(o.files.undeclared) == 0 && o.files.whole',
        severity: 'high',
      },
      {
        id: 'files-inside',
        title: 'No link leads out of the folder',
        expr: 'size(o.files.escaping) == 0 && o.files.whole',
        severity: 'high',
      },
    ],
  },
  'postgres-settings': POSTGRES_SETTINGS,
  'postgres-read-only': POSTGRES_READ_ONLY,
  'terraform-applied': {
    summary: 'the Terraform state is the committed plan, applied, and nothing else',
    probe: 'terraform@1',
    needs: [],
    claims: [
      {
        id: 'terraform-as-planned',
        title: 'Every attribute that the plan knew is in the state as it was planned',
        expr: 'size(o.terraform.differing) == 0 && size(o.terraform.missing) == 0 && size(o.terraform.deleted) == 0 && o.terraform.whole',
        minEvidence: 'E0',
        severity: 'high',
      },
      {
        id: 'terraform-closed',
        title: 'The state has no resource and no attribute that was not planned',
        expr: 'size(o.terraform.undeclared) == 0 && size(o.terraform.extra) == 0',
        minEvidence: 'E0',
        severity: 'medium',
      },
    ],
  },
  'iam-read-only': IAM_READ_ONLY,
};

/**
 * The claims of a pack, as often as their tier asks for, or no more often than makes sense. Refuses
 * `malformed-payload` for an unknown pack or a parameter it needs.
 */
export function packOf(
  name: string,
  params: ReadonlyMap<string, Parameter>,
  tier: Tier = 'background',
): readonly Claim[] {
  const pack = Object.hasOwn(PACKS, name) ? PACKS[name] : undefined;
  if (pack === undefined)
    throw refuse('malformed-payload', `there is no pack ${name}; there are ${Object.keys(PACKS).join(', ')}`);
  const missing = pack.needs.find((each) => !params.has(each));
  if (missing !== undefined)
    throw refuse('malformed-payload', `the pack ${name} needs the parameter ${missing}: add it under params`);
  const all = new Map<string, Parameter>([...Object.entries(pack.defaults ?? {}), ...params]);
  const pace = PACES[tier];
  return pack.claims.map(({ fastest = 0, severity = 'medium', minEvidence = 'E1', ...draft }) => ({
    ...draft,
    probe: pack.probe,
    minEvidence,
    cadence: Math.max(fastest, pack.fastest ?? 0, pace.cadence),
    severity,
    deadline: pace.deadline,
    grace: 1,
    ...(all.size > 0 && { params: all }),
  }));
}
