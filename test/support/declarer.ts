/** Declares subjects in a running log that `beginLog` made, by the key of its author. */
import type { FastifyInstance } from 'fastify';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openClient, type LogClient } from '#src/client/client.ts';
import { signFor } from '#src/client/sign-for.ts';
import { trustKeys } from '#src/client/trust.ts';
import { buildApp } from '#src/http/app.ts';
import { parseVkey } from '#src/note/key.ts';
import { encodeCommitment } from '#src/statement/payload.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { injected } from './injected.ts';
import { beginLog, keyIn, type Begun } from './running-log.ts';
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

type Declare = (subject: string, severity: 'low' | 'high', owner?: string) => Promise<void>;

/** A log with its server, a client of it, and who declares in it; closed with the test. */
export async function declaring(
  t: Test,
  origin: string,
): Promise<Begun & { readonly app: FastifyInstance; readonly client: LogClient; readonly declare: Declare }> {
  const begun = await beginLog(t, origin);
  const { log, data } = begun;
  const app = await buildApp(log, { version: '0' });
  t.teardown(async () => {
    await app.close();
    await log.close();
  });
  const trust = trustKeys(log.info.vkeys.map(parseVkey));
  const client = openClient({ log: 'http://log.example', trust, fetch: injected(app), now: Date.now });
  return { ...begun, app, client, declare: declarer(client, data) };
}

/** `data`: the data directory of the log. */
function declarer(client: LogClient, data: string): Declare {
  const signer = keyIn(join(data, 'keys', 'author.pem'));
  return async (subject, severity, owner) => {
    const payload = commitment(subject, severity, owner);
    const snapshot = await client.snapshot();
    await client.logStatement(
      await signFor(snapshot, { kind: 'commitment', subject, payload, signer, said: [] }),
    );
  };
}
