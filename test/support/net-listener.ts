/** The key of the listener of tests. */
import { formatVkey } from '#src/note/key.ts';
import { hashOf } from './statement-examples.ts';
import { seedSigner } from './seed-signer.ts';

export const LISTENER_NAME = 'canary.example';
export const LISTENER = seedSigner('ed25519', hashOf('listener'));
export const LISTENER_VKEY = formatVkey(LISTENER_NAME, 1, LISTENER.publicKey);
