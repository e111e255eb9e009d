/** Declares subjects in a running log that `beginLog` made, by the key of its author. */
import { join } from 'node:path';
import type { LogClient } from '#src/client/client.ts';
import { signFor } from '#src/client/sign-for.ts';
import { encodeCommitment } from '#src/statement/payload.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { keyIn } from './running-log.ts';
import { hashOf } from './see-world.ts';

const claimOf = (severity: 'low' | 'high') => ({
  id: 'tls-min',
  expr: 'true',
  probe: 'tls@1',
  minEvidence: 'E1' as const,
  cadence: 3_600,
  severity,
});

function commitment(subject: string, severity: 'low' | 'high', owner?: string): Uint8Array {
  return encodeCommitment({
    environment: 'prod',
    tier: 'background',
    source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
    canon: { profile: 'files@1' },
    tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(subject) },
    scope: { world: 'open' },
    claims: [claimOf(severity)],
    ...(owner !== undefined && { target: { owner } }),
  });
}

/** `data`: the data directory of the log. */
export function declarer(
  client: LogClient,
  data: string,
): (subject: string, severity: 'low' | 'high', owner?: string) => Promise<void> {
  const signer = keyIn(join(data, 'keys', 'author.pem'));
  return async (subject, severity, owner) => {
    const payload = commitment(subject, severity, owner);
    const snapshot = await client.snapshot();
    await client.logStatement(
      await signFor(snapshot, { kind: 'commitment', subject, payload, signer, said: [] }),
    );
  };
}
