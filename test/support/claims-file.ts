/** A claims file with a pack, a claim of its own, a target and a closed scope. */
export const CLAIMS = `
target: { owner: team-web, locators: [{ at: "shop.example:443", identity: [{ spki: "${'7'.repeat(64)}" }] }] }
tier: critical-path
approvals: 1
scope: { world: closed, selector: "everything", members: [a, b] }
claims:
  - pack: https-tls
    params: { days: 30 }
    cadence: 2h
  - id: pinned
    title: The key
    probe: tls@1
    expr: o.tls.certificate.spki == p.spki
    params: { spki: "00" , versions: [TLSv1.3] }
    minEvidence: E3
    cadence: 1h
    deadline: 5m
    grace: 2
    severity: high
    controls: [{ framework: SOC2-2017, id: CC6.7 }]
`;
