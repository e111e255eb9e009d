/**
 * The bytes by which a probe names itself on the network: `tallystick net@1 NONCE`, the nonce 64 hex digits. Whoever watches
 * the network finds it by these words (`tallystick agent profile --net`).
 */
import { encodeUtf8, formatHex } from '../../bytes/text.ts';

export const PAYLOAD_WORDS = 'tallystick net@1';

/** One line. `challenge`: 32 bytes. */
export function payloadOf(challenge: Uint8Array): Uint8Array {
  return encodeUtf8(`${PAYLOAD_WORDS} ${formatHex(challenge)}\n`);
}
