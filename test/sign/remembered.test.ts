/** src/sign/remembered.ts: an answer counts for the bytes that it was given for, and for no others. */
import t from 'tap';
import { verifyWithNoble, type PublicKey } from '#src/sign/algorithm.ts';
import { remembering, verifyOnce } from '#src/sign/remembered.ts';
import { seedSigner } from '../support/seed-signer.ts';

const signer = seedSigner('ed25519', new Uint8Array(32).fill(1));
const other = seedSigner('ed25519', new Uint8Array(32).fill(2));
const message = new TextEncoder().encode('a head');

/** A verifier that remembers, and how often it really verified. */
function counted(): { readonly verify: typeof verifyWithNoble; readonly asked: () => number } {
  let asked = 0;
  const verify = remembering((...question) => {
    asked += 1;
    return verifyWithNoble(...question);
  });
  return { verify, asked: () => asked };
}

t.test('one question is asked once', async (t) => {
  const signature = await signer.sign(message);
  const { verify, asked } = counted();
  for (let i = 0; i < 5; i++) t.equal(verify(signer.publicKey, message.slice(), signature.slice()), true);
  t.equal(asked(), 1);
  t.equal(verifyOnce(signer.publicKey, message, signature), true);
  t.end();
});

t.test('a good signature makes nothing else good', async (t) => {
  const signature = await signer.sign(message);
  const { verify, asked } = counted();
  t.equal(verify(signer.publicKey, message, signature), true);
  const { algorithm, bytes } = signer.publicKey;
  const questions: readonly (readonly [string, PublicKey, Uint8Array, Uint8Array])[] = [
    ['another key', other.publicKey, message, signature],
    ['the key as one of another algorithm', { algorithm: 'ecdsa-p256', bytes }, message, signature],
    ['a shorter key', { algorithm, bytes: bytes.subarray(1) }, message, signature],
    ['another message', signer.publicKey, new TextEncoder().encode('a heap'), signature],
    ['a longer message', signer.publicKey, Uint8Array.of(...message, 0), signature],
    ['a longer signature', signer.publicKey, message, Uint8Array.of(...signature, 0)],
    ['another signature', signer.publicKey, message, await other.sign(message)],
  ];
  for (const [what, ...question] of questions) t.equal(verify(...question), false, what);
  t.equal(asked(), 1 + questions.length);
  t.equal(verify(signer.publicKey, message, signature), true, 'and it is good itself');
  t.end();
});

t.test('bytes that are written over later are another question', async (t) => {
  const signature = await signer.sign(message);
  const { verify } = counted();
  const [written, key] = [message.slice(), signer.publicKey.bytes.slice()];
  t.equal(verify({ ...signer.publicKey, bytes: key }, written, signature), true);
  written[0] = 0x62;
  t.equal(verify(signer.publicKey, written, signature), false);
  t.equal(verify(signer.publicKey, message, signature), true);
  key.reverse();
  t.equal(verify({ ...signer.publicKey, bytes: key }, message, signature), false);
  t.end();
});

t.test('what was bad stays bad, and long messages are verified each time', async (t) => {
  const { verify, asked } = counted();
  const long = new Uint8Array(20_000);
  const signature = await signer.sign(long);
  for (let i = 0; i < 3; i++) t.equal(verify(signer.publicKey, long, signature), true);
  t.equal(asked(), 3);
  for (let i = 0; i < 3; i++) t.equal(verify(signer.publicKey, message, signature), false);
  t.equal(asked(), 4);
  t.end();
});
