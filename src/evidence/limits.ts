/** What class E3 does not say. Printed wherever a transcript's verdict is shown. */

/** The honest limits of a transcript that a target signed; one sentence each. */
export const E3_LIMITS = [
  "The operator owns the target's key and could sign a made-up transcript: E3 removes trust in the agent, the log and the API, not in the audited organisation. It does make a violation undeniable.",
  'A relay in front of the target may have answered for another backend.',
  'A refusal is signed by nobody: that a version was refused is what an agent saw (E1), at most several of them (E2).',
  'A TLS 1.2 signature covers both randoms and the key exchange parameters: version, group and key, but neither the cipher suite nor the certificate around the key. DTLS 1.2 signs the same bytes.',
  'TLS 1.2 with static RSA key exchange has no signature at all, and none is read of TLS 1.1 and older.',
  'Only the identity in the commitment says whose key it is. TLS 1.3 signs the server name that was asked for. TLS 1.2 and SSH sign no name: E3 then means that a server with this key answered. Nobody signs the port.',
] as const;
