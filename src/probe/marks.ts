/** Marks of things whose names stay on the target's machine. */
import { randomBytes } from 'node:crypto';
import { encodeUtf8, formatHex } from '../bytes/text.ts';
import { macOf, portableHmac } from '../declare/salting.ts';
import { saltKey } from './declared.ts';

/** A keyed digest in the place of a name: whoever has the key tells which name it is, and nobody else can check a guess. */
export type Mark = (name: string) => string;

/**
 * With the owner's secret marks stay the same from proof to proof, and the owner finds the name. Without, they are of one run.
 * `place`: what the names are of, `/cri`. Refuses `config-invalid` for a secret that is none.
 */
export function markerOf(probe: string, place: string, secret: string | undefined): Mark {
  const key = saltKey(probe, secret) ?? new Uint8Array(randomBytes(32));
  const salting = { secret: key, hmac: portableHmac };
  return (name) => formatHex(macOf(salting, 'sensitive', place, encodeUtf8(name)).subarray(0, 16));
}
