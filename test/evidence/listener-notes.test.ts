/** What a listener at a target signs: read as it was signed, and shown to say no more than it does. */
import t from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { formatHex } from '#src/bytes/text.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { listenerFacts, portOf } from '#src/evidence/listener-facts.ts';
import {
  heardAt,
  LISTENER_TYPE,
  openStatement,
  parseStatement,
  signStatement,
  type ListenerStatement,
} from '#src/evidence/listener.ts';
import { weigh } from '#src/evidence/weigh.ts';
import { formatVkey, noteVerifier } from '#src/note/key.ts';
import { signedFactsFor } from '#src/probe/signed.ts';
import type { Claim } from '#src/statement/commitment.ts';
import { hashOf } from '../support/e3-targets.ts';
import { seedSigner } from '../support/seed-signer.ts';

const [listener, stranger] = [
  seedSigner('ed25519', hashOf('listener')),
  seedSigner('ed25519', hashOf('stranger')),
];
const verifier = noteVerifier('canary.example', 1, listener.publicKey);
const VKEY = formatVkey('canary.example', 1, listener.publicKey);
const ROOT = digest(Uint8Array.from(hashOf('root')));
const COMMITMENT = digest(Uint8Array.from(hashOf('commitment')));
const RUN_NONCE = new Uint8Array(16);
const NONCE = formatHex(challengeOf(ROOT, COMMITMENT, RUN_NONCE));
const BEFORE: ListenerStatement = {
  nonce: NONCE,
  asked: 4000,
  open: [22, 4001],
  received: [],
  since: 100,
  at: 200,
};
const AFTER: ListenerStatement = { ...BEFORE, at: 210 };
const GOT = [{ port: 4001, from: '192.0.2.1' }];

t.test('a statement is read as it was signed, and no other way', async (t) => {
  const says = { ...AFTER, received: [...GOT, { port: 22, from: '2001:db8::1' }] };
  const note = await signStatement(says, 'canary.example', listener);
  t.same(openStatement(note, verifier), says);
  const text = Buffer.from(note).toString();
  const lines = text.slice(0, text.indexOf('\n\n') + 1);
  t.same(parseStatement(lines), says);
  await t.rejects(
    async () => openStatement(await signStatement(says, 'canary.example', stranger), verifier),
    {
      code: 'unknown-signer',
    },
  );
  t.throws(() => openStatement(Buffer.from(text.replace('received 22', 'received 23')), verifier), {
    code: 'unknown-signer',
  });
  t.throws(() => openStatement(Buffer.alloc(9_000, 'a'), verifier), { code: 'malformed-note' });
  for (const wrong of [
    lines.replace('net@1', 'net@2'),
    lines.replace(NONCE, NONCE.toUpperCase()),
    lines.replace('asked 4000', 'asked 70000'),
    lines.replace('open 22\n', 'open 022\n'),
    lines.replace('open 4001\n', 'closed 4001\n'),
    lines.replace('received 4001 192.0.2.1', 'received 4001 everywhere'),
    lines.replace('since 100\n', ''),
    lines.replace(
      'open 22\nopen 4001\nreceived 4001 192.0.2.1',
      'open 22\nreceived 4001 192.0.2.1\nopen 4001',
    ),
    `${lines}more\n`,
    lines.slice(0, -1),
    '',
  ])
    t.throws(() => parseStatement(wrong), { code: 'malformed-note' }, JSON.stringify(wrong).slice(0, 100));
});

t.test(
  'nothing was received only if the port was open, and nothing was forgotten, between two statements',
  (t) => {
    const cases: readonly (readonly [string, readonly ListenerStatement[], string])[] = [
      ['two statements', [BEFORE, AFTER], 'nothing'],
      ['one', [BEFORE], 'unknown'],
      ['none', [], 'unknown'],
      ['received', [BEFORE, { ...AFTER, received: GOT }], 'received'],
      ['at another port', [BEFORE, { ...AFTER, received: [{ port: 22, from: '192.0.2.1' }] }], 'nothing'],
      ['closed after', [BEFORE, { ...AFTER, open: [22] }], 'unknown'],
      ['closed before', [{ ...BEFORE, open: [] }, AFTER], 'unknown'],
      ['started again, or forgot, in between', [BEFORE, { ...AFTER, since: 201 }], 'unknown'],
      ['in the other order', [AFTER, BEFORE], 'unknown'],
      ['the same twice', [BEFORE, BEFORE], 'unknown'],
    ];
    for (const [what, statements, heard] of cases) t.equal(heardAt(4001, statements), heard, what);
    t.equal(portOf('db.example:22'), 22);
    t.equal(portOf('db.example'), undefined);
    t.equal(portOf('matrix:app'), undefined);
    t.equal(portOf(undefined), undefined);
    t.end();
  },
);

const CLAIM: Claim = {
  id: 'denied',
  expr: '!o.net.reachable',
  probe: 'net@1',
  params: new Map([
    ['target', '192.0.2.2:4001'],
    ['listener', VKEY],
  ]),
  minEvidence: 'E2',
  cadence: 60,
  severity: 'high',
};

t.test('a reader believes E2 of one proof only by what the listener signed', async (t) => {
  const good = [
    await signStatement(BEFORE, 'canary.example', listener),
    await signStatement(AFTER, 'canary.example', listener),
  ];
  const AGENT = 'ab'.repeat(32);
  interface Case {
    readonly what: string;
    readonly notes?: readonly Uint8Array[];
    readonly mediaType?: string;
    readonly claim?: Claim;
    readonly kid?: string;
    readonly delegator?: string;
    readonly verdict?: 'PROVEN' | 'VIOLATED';
    readonly says: object;
  }
  const received = await signStatement({ ...AFTER, received: GOT }, 'canary.example', listener);
  const without = (name: string): Claim => ({
    ...CLAIM,
    params: new Map([...(CLAIM.params ?? [])].filter(([each]) => each !== name)),
  });
  const foreign = await signStatement(AFTER, 'canary.example', stranger);
  const replayed = await signStatement({ ...AFTER, nonce: '0'.repeat(64) }, 'canary.example', listener);
  const cases: readonly Case[] = [
    { what: 'good', says: { fault: undefined, unchecked: undefined, bothEnds: true } },
    {
      what: 'received',
      notes: [good[0] as Uint8Array, received],
      verdict: 'VIOLATED',
      says: { fault: undefined, bothEnds: true },
    },
    {
      what: 'received, and PROVEN all the same',
      notes: [good[0] as Uint8Array, received],
      says: { fault: /says otherwise/ },
    },
    { what: 'nothing received, and VIOLATED', verdict: 'VIOLATED', says: { fault: /says otherwise/ } },
    { what: 'one statement', notes: good.slice(1), says: { fault: /do not show/ } },
    {
      what: 'no statement',
      notes: [],
      says: { fault: undefined, unchecked: /not all/, bothEnds: undefined },
    },
    { what: 'another type', mediaType: 'text/plain', says: { unchecked: /not all/, bothEnds: undefined } },
    {
      what: 'by another key',
      notes: [good[0] as Uint8Array, foreign],
      says: { fault: /no signature is by a known key/ },
    },
    { what: 'of another run', notes: [good[0] as Uint8Array, replayed], says: { fault: /another run/ } },
    {
      what: 'the agent is the listener',
      kid: formatHex(keyThumbprint(listener.publicKey)),
      says: { fault: /one end signed/ },
    },
    {
      what: 'the listener delegated to the agent',
      delegator: formatHex(keyThumbprint(listener.publicKey)),
      says: { fault: /one end signed/ },
    },
    {
      what: 'somebody else delegated to it',
      delegator: 'cd'.repeat(32),
      says: { fault: undefined, bothEnds: true },
    },
    { what: 'the claim names no listener', claim: without('listener'), says: { fault: /names no listener/ } },
    {
      what: 'the claim is about UDP',
      claim: { ...CLAIM, params: new Map([...(CLAIM.params ?? []), ['transport', 'udp']]) },
      says: { fault: /a listener hears TCP alone/ },
    },
    { what: 'the claim has no target', claim: without('target'), says: { fault: /no port/ } },
    {
      what: 'another member is read',
      claim: { ...CLAIM, expr: '!o.net.reachable && o.net.tries > 0' },
      says: { fault: /does not show/ },
    },
  ];
  for (const {
    what,
    notes = good,
    mediaType = LISTENER_TYPE,
    claim = CLAIM,
    kid = AGENT,
    delegator,
    verdict = 'PROVEN',
    says,
  } of cases) {
    const attachments = notes.map((data) => ({ mediaType, data }));
    const proof = {
      challenge: { root: ROOT, nonce: RUN_NONCE },
      commitment: COMMITMENT,
      attachments,
      ...(delegator !== undefined && { delegation: { kid: delegator } }),
    };
    const result = { claim: 'denied', verdict, evidence: 'E2', attachments: notes.map((_, i) => i) } as const;
    const weighed = await weigh({ parsed: { kind: 'proof', kid, proof } } as never, result, claim, {
      declaration: { claims: [claim] } as never,
      subject: 's',
      between: { from: undefined, to: 300 },
      signed: signedFactsFor,
    });
    t.match(weighed, says, what);
  }
  t.match(
    listenerFacts({ proof: {} as never, result: { attachments: [0] } }, CLAIM, {
      port: 1,
      nonce: NONCE,
      kids: [AGENT],
    }),
    {
      kind: 'unseen',
    },
  );
});
