/** Signs the log's own notices `witnessed`. Runs on the thread that has the log's keys. */
import { existsSync } from 'node:fs';
import { refuse } from '../bytes/refusal.ts';
import { loadKeyFile } from '../keys/load.ts';
import { issuerOf } from '../registration/issuer.ts';
import { encodeNotice } from '../statement/payload.ts';
import type { Policy } from '../statement/policy.ts';
import { signOwn } from '../statement/sign.ts';
import type { SequencerOptions } from './protocol.ts';

/** The signed notice. Refuses `key-file` while there is no key, or none that can be used. */
export async function signWitnessed(
  { origin, notaryPath }: Pick<SequencerOptions, 'origin' | 'notaryPath'>,
  policy: Policy,
  note: Uint8Array,
): Promise<Uint8Array> {
  if (!existsSync(notaryPath))
    throw refuse('key-file', `${notaryPath} is not there; make and enrol it: tallystick policy witnessed`);
  const signer = await loadKeyFile(notaryPath);
  const issuer = issuerOf(policy, signer.publicKey);
  const headers = { kind: 'notice', log: origin, issuer, subject: origin, confirm: true } as const;
  return signOwn(headers, encodeNotice({ topic: 'witnessed', note }), signer);
}
