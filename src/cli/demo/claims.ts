/** The claims files of the demonstration: what each subject claims, as `commit --claims` reads it. */

/** One claims file: who owns the target, where it is, how often each claim is proven, and the claims. */
export interface ClaimsFile {
  readonly owner: string;
  readonly locator: string;
  /** `4s`, `1m`: a claim without a new proof for twice as long is STALE. */
  readonly cadence: string;
  readonly claims: readonly ClaimLine[];
}

export interface ClaimLine {
  readonly id: string;
  readonly title: string;
  readonly probe: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly expr: string;
  readonly minEvidence: 'E1' | 'E3';
}

export function claimsYaml({ owner, locator, cadence, claims }: ClaimsFile): string {
  const lines = claims.map(
    (claim) => `  - ${JSON.stringify({ ...claim, cadence, grace: 1, severity: 'critical' })}`,
  );
  return [
    `target: ${JSON.stringify({ owner, locators: [locator] })}`,
    'tier: critical-path',
    'claims:',
    ...lines,
    '',
  ].join('\n');
}

/** TLS 1.3, which the server signs, and nothing older, which nobody signs. `host`: the name that it is asked for. */
export function tlsClaims(host: string): readonly ClaimLine[] {
  const probe = { probe: 'tls@1', params: { servername: host } };
  return [
    {
      id: 'speaks-tls13',
      title: `${host} speaks TLS 1.3`,
      ...probe,
      expr: "o.tls.accepted['TLSv1.3']",
      minEvidence: 'E3',
    },
    {
      id: 'tls12-refused',
      title: `${host} refuses TLS 1.2`,
      ...probe,
      expr: "!o.tls.accepted['TLSv1.2']",
      minEvidence: 'E1',
    },
  ];
}

/** What a search service that does not run claims: nobody can say whether it is so. */
export const SEARCH_CLAIMS: readonly ClaimLine[] = [
  {
    id: 'tls12-refused',
    title: 'The server refuses TLS 1.2',
    probe: 'tls@1',
    expr: "!o.tls.accepted['TLSv1.2']",
    minEvidence: 'E1',
  },
];

/** What the firewall claims of the database's port. */
export const FIREWALL_CLAIMS: readonly ClaimLine[] = [
  {
    id: 'database-closed',
    title: 'The database cannot be reached from outside',
    probe: 'exec@1',
    expr: '!o.exec.accepts',
    minEvidence: 'E1',
  },
];
