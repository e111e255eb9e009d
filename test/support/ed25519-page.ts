/** A page that verifies signatures with WebCrypto, behind our checks and without them (test/system/web-ed25519.test.ts). */
import { encodeUtf8, parseHex } from '#src/bytes/text.ts';
import { verifyOnWeb } from '#src/sign/web-ed25519.ts';
import type { Edge } from './ed25519-edges.ts';

/** Of each edge: the answer behind our checks (null: not decided), and WebCrypto's own. */
export type Answers = readonly (readonly [ours: boolean | null, bare: boolean])[];

async function bare(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const { subtle } = globalThis.crypto;
  const [raw, data, sig] = [Uint8Array.from(key), Uint8Array.from(message), Uint8Array.from(signature)];
  try {
    const imported = await subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', imported, sig, data);
  } catch {
    return false;
  }
}

const edges = (await (await fetch('edges.json')).json()) as readonly Edge[];
const answers: [boolean | null, boolean][] = [];
for (const edge of edges) {
  const [bytes, message, signature] = [
    parseHex(edge.key),
    encodeUtf8(edge.message),
    parseHex(edge.signature),
  ];
  const ours = await verifyOnWeb({ algorithm: 'ed25519', bytes }, message, signature);
  answers.push([ours ?? null, await bare(bytes, message, signature)]);
}
await fetch('report', { method: 'POST', body: JSON.stringify(answers) });
