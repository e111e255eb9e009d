/** src/note/trust.ts: the policy grammar, quorums, and checkpoints opened under a policy. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { formatVkey, parseVkey, type NoteVerifier } from '#src/note/key.ts';
import { openTrusted, parseTrustPolicy, policyOfLogs, quorumMet } from '#src/note/trust.ts';
import { seedSigner } from '../support/seed-signer.ts';

/** The code with which a call refuses, or 'accepted'; anything but a Refusal is a failure of the test. */
function verdict(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'accepted';
}

const refused = (t: Test, code: string, call: () => unknown, name = code): void =>
  void t.equal(verdict(call), code, name);

/** The message with which a call refuses. */
function complaint(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

const LOG = 'log.example/evidence+5830a2a0+ARHj6kNpwoT8Sg1j/tC+SQTiPabrqDfw6mF1wIKLCdid';
const W1 = 'witness.example/w1+a9695dcd+BMvJTbr7UHWvzAws4MlmbPMcm1WdmzbpyQFgvtlc5I1H';
const SIGNED = `log.example/evidence
5
ED+PhOiEPLyKXHcbkrdt17ttU8TPAWu3CAv4dVmqqGY=

— log.example/evidence WDCioF5K8j1UavRyN9iuur9djNeUvuKyfz7ZumsbjGXX34yZU/KEm0t/TYcyPqQAZqWUwALeKfMCP/iTHNnOd08OGgM=
— witness.example/w1 qWldzQAAAABpIXPAm2y0d8sfx70qLhg8e0ISLbE/gebZt6o9nnuQsxMo+vwSzMQAxMW+5YH35eGFQo3g9/zVXsO3DHNjiUOm889XBQ==
`;

/** vkey of the i-th test key, as a log (1) or a witness (4). */
function vkey(i: number, type: 1 | 4, name = `key.example/${i}`): string {
  return formatVkey(name, type, seedSigner('ed25519', new Uint8Array(32).fill(i + 1)).publicKey);
}
const [A, B, C] = [vkey(0, 4), vkey(1, 4), vkey(2, 4)];
const pq = seedSigner('ml-dsa-44', new Uint8Array(32)).publicKey;

t.test('the worked policy opens the worked checkpoint', async (t) => {
  const file = `log ${LOG} https://log.example/evidence\nwitness W1 ${W1}\ngroup G any W1\nquorum G\n`;
  const policy = parseTrustPolicy(file);
  t.same(policy.logs, [{ verifier: parseVkey(LOG), url: 'https://log.example/evidence' }]);
  t.same(policy.witnesses, [{ name: 'W1', verifier: parseVkey(W1) }]);
  t.same(policy.groups, [{ name: 'G', threshold: 1, members: policy.witnesses }]);
  t.equal(policy.quorum, policy.groups[0]);
  t.equal(openTrusted(encodeUtf8(SIGNED), policy).cosignatures.length, 1);

  const unwitnessed = SIGNED.slice(0, SIGNED.indexOf('— witness'));
  refused(t, 'quorum-unmet', () => openTrusted(unwitnessed, policy));
  const forged = SIGNED.replace('9XBQ==', '9XBg==');
  refused(t, 'unknown-signer', () => openTrusted(forged, policy));
  const none = parseTrustPolicy(`log ${LOG}\nquorum none\n`);
  t.equal(openTrusted(unwitnessed, none).logSignatures.length, 1);
  t.equal(openTrusted(unwitnessed, policyOfLogs([parseVkey(LOG)])).logSignatures.length, 1);
  const noLog = parseTrustPolicy(`witness W1 ${W1}\nquorum W1\n`);
  refused(t, 'unknown-signer', () => openTrusted(SIGNED, noLog));
  t.equal(openTrusted(SIGNED, { ...noLog, logs: policy.logs }).cosignatures.length, 1);
});

t.test('what the grammar allows', async (t) => {
  const one = `witness a ${A}\nwitness b ${B}\n`;
  const good: Record<string, string> = {
    'nothing but a quorum': 'quorum none\n',
    'quorum of one witness': `${one}quorum b\n`,
    'white space and comments': `\n \t \n\t# note é\n#\n  witness\t a   ${A}  https://a/ \t\n quorum\ta\t\n\n`,
    'quorum before other lines': `${one}quorum a\nlog ${vkey(5, 1)}\nwitness c ${C}\ngroup g any b c\n`,
    'a log and a witness with one key': `log ${vkey(0, 1)}\n${one}quorum a\n`,
    'a group of one': `${one}group g 1 a\nquorum g\n`,
    'names that look like words': `witness all ${A}\nwitness any ${B}\nwitness 2 ${C}\ngroup log 2 all any 2\nquorum log\n`,
    'two logs and an ML-DSA-44 key': `log ${vkey(5, 1)}\nlog ${formatVkey('key.example/5', 6, pq)}\nquorum none\n`,
    'a type 06 witness': `witness a ${formatVkey('w.example', 6, pq)}\nquorum a\n`,
    'an unused group': `${one}group g all a b\nquorum none\n`,
    'the same name for a key and a witness': `witness key.example/0 ${A}\nquorum key.example/0\n`,
  };
  for (const [name, file] of Object.entries(good)) t.ok(parseTrustPolicy(file), name);

  // Names are octets: K (4B) and the Kelvin sign are two; so are the two spellings of é, and stray bytes.
  const names = ['K', '\u212a', 'é', 'e\u0301', '\u00a0', '\ufeff'].map((name) => encodeUtf8(name));
  names.push(Uint8Array.of(0xe9), Uint8Array.of(0xff, 0xfe));
  const lines = names.map((name, i) =>
    concatBytes(encodeUtf8('witness '), name, encodeUtf8(` ${vkey(i, 4)}\n`)),
  );
  const members = names.flatMap((name) => [encodeUtf8(' '), name]);
  const group = concatBytes(encodeUtf8('group g all'), ...members, encodeUtf8('\nquorum g\n'));
  const policy = parseTrustPolicy(concatBytes(...lines, group));
  t.equal(policy.groups[0]?.threshold, names.length);
  t.same(policy.witnesses.map(({ name }) => name).slice(0, 3), ['K', '\u212a', 'é']);

  // A name with U+0085 has the octet C2 85, which is no control byte; in a key name it is white space.
  t.ok(parseTrustPolicy(`witness a\u0085 ${A}\nquorum a\u0085\n`));

  const count = 32;
  const all = (make: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => make(i)).join('');
  const big =
    all((i) => `log ${vkey(i, 1)} https://log.example/${i}\n`) +
    all((i) => `witness w${i} ${vkey(i, 4)} https://witness.example/${i}\n`) +
    all((i) => (i === 0 ? 'group g0 any w0\n' : `group g${i} all g${i - 1} w${i}\n`));
  const deep = parseTrustPolicy(`${big}quorum g31\n`);
  t.same([deep.logs.length, deep.witnesses.length, deep.groups.length], [count, count, count]);
  t.ok(quorumMet(deep, deep.witnesses));
  t.notOk(quorumMet(deep, deep.witnesses.slice(1)));
});

t.test('what it refuses, and where', async (t) => {
  const two = `witness a ${A}\nwitness b ${B}\n`;
  const renamed = formatVkey('another.example', 4, parseVkey(A).key);
  const bad: Record<string, [file: string, complaint: RegExp]> = {
    empty: ['', /the file is empty/],
    'no final newline': [`${two}quorum a`, /cut off/],
    'no quorum': [two, /no quorum line/],
    'two quorums': [`${two}quorum a\nquorum a\n`, /line 4: a second quorum/],
    'quorum none twice': ['quorum none\nquorum none\n', /line 2/],
    'quorum without name': ['quorum\n', /line 1/],
    'quorum of two': [`${two}quorum a b\n`, /line 3/],
    'quorum undefined': [`${two}quorum c\n`, /line 3: no witness or group "c"/],
    'quorum before its name': [`quorum a\n${two}`, /line 1/],
    'trailing comment': [`${two}quorum a # all\n`, /line 3/],
    'unknown word': [`${two}quorum a\ninclude x\n`, /line 4: "include"/],
    'word in capitals': [`${two}Quorum a\n`, /line 3/],
    'log without key': ['log\nquorum none\n', /line 1: expected "log/],
    'log with three items': [`log ${LOG} https://a b\nquorum none\n`, /line 1/],
    'log of type 04': [`log ${A}\nquorum none\n`, /line 1: a log key has type 01 or 06/],
    'log key malformed': [`log ${LOG.slice(0, -1)}\nquorum none\n`, /line 1/],
    'duplicate log': [`log ${LOG}\nlog ${LOG}\nquorum none\n`, /line 2: the public key of this log/],
    'duplicate log, renamed': [`log ${vkey(0, 1)}\nlog ${vkey(0, 1, 'x')}\nquorum none\n`, /line 2/],
    'witness without key': ['witness a\nquorum none\n', /line 1/],
    'witness with four items': [`witness a ${A} u v\nquorum a\n`, /line 1/],
    'witness of another type': [`witness a ${A.replace('+B', '+A')}\nquorum a\n`, /line 1/],
    'duplicate witness': [
      `witness a ${A}\nwitness b ${A}\nquorum a\n`,
      /line 2: the public key of this witness/,
    ],
    'duplicate witness, renamed': [`witness a ${A}\nwitness b ${renamed}\nquorum a\n`, /line 2/],
    'name defined twice': [
      `witness a ${A}\nwitness a ${B}\nquorum a\n`,
      /line 2: the name "a" is defined twice/,
    ],
    'group named as a witness': [`${two}group a any b\nquorum a\n`, /line 3/],
    'witness named none': [`witness none ${A}\nquorum none\n`, /line 1: the name "none"/],
    'group named none': [`${two}group none any a\nquorum none\n`, /line 3: the name "none"/],
    'none as member': [`${two}group g any none\nquorum g\n`, /line 3/],
    'group without members': [`${two}group g any\nquorum g\n`, /line 3/],
    'group of itself': [`${two}group g any g\nquorum g\n`, /line 3/],
    'group of a later name': [`group g any a\n${two}quorum g\n`, /line 1/],
    'member twice in a group': [`${two}group g any a a\nquorum g\n`, /line 3: "a" is a group member twice/],
    'member of two groups': [`${two}group g any a\ngroup h any a b\nquorum h\n`, /line 4/],
    'group in two groups': [`${two}group g any a\ngroup h any g\ngroup i any g b\nquorum i\n`, /line 5/],
    'threshold 0': [`${two}group g 0 a b\nquorum g\n`, /line 3: a threshold of 0 for 2/],
    'threshold 3 of 2': [`${two}group g 3 a b\nquorum g\n`, /line 3: a threshold of 3 for 2/],
    'threshold -1': [`${two}group g -1 a b\nquorum g\n`, /line 3/],
    'threshold 01': [`${two}group g 01 a b\nquorum g\n`, /line 3/],
    'threshold 1.0': [`${two}group g 1.0 a b\nquorum g\n`, /line 3/],
    'threshold ALL': [`${two}group g ALL a b\nquorum g\n`, /line 3/],
    'carriage returns': ['quorum none\r\n', /end as on Windows \(CRLF\)/],
    'a carriage return alone': ['quorum none\rx\n', /control byte/],
    'form feed': ['quorum\fnone\n', /control byte/],
    'no-break space': ['quorum\u00a0none\n', /line 1/],
    nul: ['quorum none\n\0', /control byte/],
    delete: ['# \u007f\nquorum none\n', /control byte/],
    'byte order mark': ['\ufeffquorum none\n', /line 1/],
    'lone surrogate': ['# \ud800\nquorum none\n', /surrogate/],
  };
  for (const [name, [file, pattern]] of Object.entries(bad)) {
    const text = complaint(() => parseTrustPolicy(file));
    t.match(text, /^malformed-trust-policy: /, name);
    t.match(text, pattern, name);
  }
  const latin = concatBytes(encodeUtf8(`witness a ${A}`), Uint8Array.of(0xe9), encodeUtf8('\nquorum a\n'));
  t.match(
    complaint(() => parseTrustPolicy(latin)),
    /line 1: .*UTF-8/,
  );
  const many = Array.from({ length: 257 }, (_, i) =>
    i === 0 ? `group g0 any a\n` : `group g${i} any g${i - 1}\n`,
  );
  t.match(
    complaint(() => parseTrustPolicy(`${two}${many.join('')}quorum none\n`)),
    /line 259: more than 256 groups/,
  );
  refused(t, 'too-large', () => parseTrustPolicy(new Uint8Array(1_000_001)));

  // A witness key published as type 01: the refusal prints the line to write instead.
  const hint = complaint(() => parseTrustPolicy(`witness a ${vkey(0, 1)}\nquorum a\n`));
  t.ok(hint.endsWith(A), hint);
});

t.test('quorums', async (t) => {
  // The example of the specification, against the sentence that explains it.
  const names = ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'];
  const file = `${names.map((name, i) => `witness ${name} ${vkey(i, 4)}\n`).join('')}
    group X-witnesses 2 X1 X2 X3
    group Y-witnesses any Y1 Y2 Y3
    group X-and-Y all X-witnesses Y-witnesses
    quorum X-and-Y\n`;
  const policy = parseTrustPolicy(file);
  const wrong: number[] = [];
  for (let subset = 0; subset < 64; subset++) {
    const signed = policy.witnesses.filter((_, i) => (subset & (1 << i)) !== 0);
    const [x, y] = ['X', 'Y'].map((team) => signed.filter(({ name }) => name.startsWith(team)).length);
    if (quorumMet(policy, signed) !== (Number(x) >= 2 && Number(y) >= 1)) wrong.push(subset);
  }
  t.same(wrong, []);

  const quorum = (rule: string, ...signers: readonly NoteVerifier[]): boolean =>
    quorumMet(
      parseTrustPolicy(`witness a ${A}\nwitness b ${B}\nwitness c ${C}\n${rule}\n`),
      signers.map((verifier) => ({ verifier })),
    );
  const [a, b, c] = [parseVkey(A), parseVkey(B), parseVkey(C)];
  t.ok(quorum('quorum none'));
  t.ok(quorum('quorum b', a, b));
  t.notOk(quorum('quorum b', a, c));
  t.ok(quorum('group g 2 a b c\nquorum g', c, a));
  t.notOk(quorum('group g 2 a b c\nquorum g', a, a, a), 'one witness counts once');
  t.notOk(quorum('group g any a b\nquorum g', c), 'a witness outside the group');
  t.notOk(quorum('quorum a', { ...a, key: b.key }), 'the key decides, not the name');
  t.notOk(quorum('quorum a', parseVkey(vkey(0, 1))), 'the same key as another type');
});

t.test('properties', async (t) => {
  const valid = encodeUtf8(`log ${LOG} u\nwitness a ${A}\nwitness b ${B} u\ngroup g 2 a b\n# c\nquorum g\n`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (file) => void verdict(() => parseTrustPolicy(file))),
  );
  const word = fc.constantFrom(
    'log',
    'witness',
    'group',
    'quorum',
    'none',
    'any',
    'all',
    '1',
    'a',
    'b',
    A,
    B,
    ' ',
    '\n',
  );
  const text = fc.array(word, { maxLength: 30 }).map((words) => `${words.join(' ')}\n`);
  fc.assert(
    fc.property(text, (file) => void verdict(() => parseTrustPolicy(file))),
    { numRuns: 200 },
  );
  const piece = fc.oneof(fc.uint8Array({ maxLength: 4 }), word.map(encodeUtf8));
  fc.assert(
    fc.property(fc.nat(valid.length), fc.nat(8), piece, (from, length, bytes) => {
      verdict(() =>
        parseTrustPolicy(concatBytes(valid.subarray(0, from), bytes, valid.subarray(from + length))),
      );
    }),
    { numRuns: 200 },
  );
  t.pass('only refusals');
});
