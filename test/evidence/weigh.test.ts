/** What a reader makes of a transcript that it cannot read, of one that is wrong, and of none (src/evidence/weigh.ts). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { encodeTranscript, parseTranscript, TRANSCRIPT_TYPE } from '#src/evidence/transcript.ts';
import { examineEvidence, weigh } from '#src/evidence/weigh.ts';
import { signedFactsFor } from '#src/probe/signed.ts';
import type { Claim, Declaration } from '#src/statement/commitment.ts';
import type { Result } from '#src/statement/proof.ts';

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../spec/transcripts.json'), 'utf8'),
) as {
  readonly challenge: Readonly<Record<'root' | 'commitment' | 'nonce', string>>;
  readonly transcripts: readonly { readonly name: string; readonly transcript: string }[];
};
const hex = (text: string): Uint8Array => Uint8Array.fromHex(text);
const good = Uint8Array.fromBase64(
  vectors.transcripts.find(({ name }) => name === 'tls13-p256')?.transcript ?? '',
);

/** The transcript with another scheme in its CertificateVerify. */
function withScheme(high: number, low: number): Uint8Array {
  const parsed = parseTranscript(good);
  if (parsed.kind !== 'tls') throw new Error('TLS');
  const verify = parsed.messages.at(-1)?.with(4, high).with(5, low) ?? new Uint8Array();
  return encodeTranscript({ kind: 'tls', messages: [...parsed.messages.slice(0, -1), verify] });
}

/** Only a registered scheme that is not read here: neither good nor bad. */
const unread = withScheme(0x02, 0x01);
const wrong = withScheme(0x05, 0x03);
const result: Result = { claim: 'tls13', verdict: 'PROVEN', evidence: 'E3', attachments: [0] };
const claim: Claim = {
  id: 'tls13',
  expr: "o.tls.accepted['TLSv1.3']",
  probe: 'tls@1',
  minEvidence: 'E3',
  cadence: 3_600,
  severity: 'critical',
};

type Proven = Parameters<typeof examineEvidence>[0];
const proofOf = (...transcripts: readonly Uint8Array[]): Proven =>
  ({
    parsed: {
      proof: {
        challenge: { root: hex(vectors.challenge.root), nonce: hex(vectors.challenge.nonce) },
        commitment: hex(vectors.challenge.commitment),
        attachments: transcripts.map((data) => ({ mediaType: TRANSCRIPT_TYPE.tls, data })),
      },
    },
  }) as unknown as Proven;
const by = {
  declaration: { target: { locators: [{ at: 'p256.test:443' }] }, claims: [claim] } as unknown as Declaration,
  subject: 'web/shop',
  between: { from: 0, to: 0 },
  signed: signedFactsFor,
};
const weighed = (of: Proven, attachments: readonly number[] = [0]) =>
  weigh(of, { ...result, attachments }, claim, by);

t.test('a scheme that is not read here is unchecked: worth E1, and no fault', async (t) => {
  t.match(await examineEvidence(proofOf(unread), result), {
    verified: [],
    faults: [],
    unchecked: [/not read here: the signature scheme 0x201/],
    unread: 0,
  });
  t.match(await weighed(proofOf(unread)), { fault: undefined, unchecked: /not read here/ });
});

t.test('a fault outweighs what is unchecked, and what is missing too', async (t) => {
  t.match(await weighed(proofOf(wrong)), { fault: /its transcript does not hold/ });
  t.match(await weighed(proofOf(unread, wrong), [0, 1]), { fault: /does not hold/ }, 'one of two is wrong');
  t.match(await weighed(proofOf(unread), [0, 1]), { fault: /is not in the log/ }, 'one of two is not there');
  t.match(await weighed(proofOf(), []), { fault: /is not in the log/ }, 'nothing is no signature');
});

t.test('a probe that the registry does not have shows nothing', async (t) => {
  const strange = { ...claim, probe: 'mine@1' };
  t.match(await weigh(proofOf(good), result, strange, by), {
    fault: /what the target signed does not show it/,
  });
  t.match(await weighed(proofOf(good)), { fault: undefined, unchecked: /names no key or CA/ });
});
