/** src/witness without its server: decisions, rounds, state and guard; and the formats only witnesses use. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { digest, treeSize } from '#src/bytes/brand.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { decodeUtf8, encodeUtf8 } from '#src/bytes/text.ts';
import { formatAddCheckpoint } from '#src/note/addcheckpoint.ts';
import { parseCheckpoint } from '#src/note/checkpoint.ts';
import { verifierOf } from '#src/note/key.ts';
import { parseLogList } from '#src/note/loglist.ts';
import { appendSignatures, parseNote, parseSignatures } from '#src/note/note.ts';
import { parseSignSubtree } from '#src/note/signsubtree.ts';
import type { VerifySignature } from '#src/sign/algorithm.ts';
import { EMPTY_ROOT } from '#src/tree/hash.ts';
import { Allowance } from '#src/witness/allowance.ts';
import { contradicts, examine, judge } from '#src/witness/decide.ts';
import { IncidentFiles } from '#src/witness/incidents.ts';
import { readKnownLogs } from '#src/witness/logs.ts';
import { statePaths, WitnessState, type CommitStep } from '#src/witness/state.ts';
import { examineSubtree } from '#src/witness/subtree.ts';
import type { Answer, Witness } from '#src/witness/witness.ts';
import { chooseVerifier } from '#src/workers/kernels.ts';
import {
  knownLogs,
  NAME,
  openWitness,
  OWN,
  policyFile,
  SIGNERS,
  TestLog,
  TIME,
} from '../support/witness-world.ts';
import { timesOf, vkeyOf, witnessDir } from '../support/witness-world.ts';
import { formatSignSubtree, parseSubtreeReply, verifySubtreeCosignature } from '../support/subtree.ts';

const verify = chooseVerifier();
const log = new TestLog('log.example/a');
const fork = new TestLog('log.example/a', [1], 3);
const pq = new TestLog('pq.example/b', [6]);
const both = new TestLog('both.example/c', [1, 6]);
const logs = knownLogs(log, pq, both);

/** The code with which a call refuses, or 'accepted'. */
function verdict(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'accepted';
}

/** The kind of an answer, the size of a 409, the code of a refusal. */
async function ask(witness: Witness, body: Uint8Array): Promise<string> {
  try {
    const answer = await witness.addCheckpoint(body);
    return answer.kind === 'stale' ? `stale ${answer.size}` : answer.kind;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const linesOf = (answer: Answer): string => (answer.kind === 'cosigned' ? answer.lines : '');

t.test('the order of the checks', async (t) => {
  const held = { size: treeSize(3), root: log.root(3) };
  const decide = (body: Uint8Array, at: typeof held | null = held): string => {
    try {
      const found = judge(examine(body, logs, verify), at ?? undefined);
      return found.kind === 'refused' ? found.refusal.code : found.kind;
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  };
  const request = async (old: number, size: number, note?: Uint8Array, proof = log.proof(old, size)) =>
    formatAddCheckpoint({ old: treeSize(old), proof, checkpoint: note ?? (await log.note(size)) });

  t.equal(decide(await request(3, 5)), 'cosign');
  t.equal(decide(await request(3, 3)), 'cosign', 'the same again');
  t.equal(decide(await request(0, 5), null), 'cosign', 'the first one');
  t.equal(decide(await request(0, 0), null), 'cosign', 'an empty log');

  // Each request fails all the checks from the one it stands for on.
  const stranger = new TestLog('nobody.example');
  const junk = [digest(new Uint8Array(32))];
  const bad = decodeUtf8(await log.note(2)).replace(/(.{8})(.{8})\n$/, 'AAAAAAAA$2\n');
  t.equal(decide(encodeUtf8('old 9\nno\n\nnobody.example\n2\n\n')), 'bad-request', 'syntax');
  t.equal(decide(await request(9, 2, await stranger.note(2), junk)), 'not-found', 'origin');
  t.equal(decide(await request(9, 2, encodeUtf8(bad), junk)), 'unknown-signer', 'signature');
  t.equal(decide(await request(9, 2, undefined, junk)), 'bad-request', 'old above size');
  t.equal(decide(await request(0, 2, undefined, junk)), 'stale', 'old is not what is stored');
  t.equal(decide(await request(4, 5, undefined, junk)), 'stale', 'nor when it is larger');
  const falseEmpty = await log.note(0, { root: digest(new Uint8Array(32)) });
  t.equal(decide(await request(0, 0, falseEmpty), null), 'proof-failed', 'an empty tree has one root');
  t.equal(decide(await request(0, 5, undefined, junk), null), 'proof-failed', 'nothing to prove from 0');
  t.equal(decide(await request(3, 5, undefined, junk)), 'proof-failed', 'proof');
  t.equal(
    decide(await request(3, 5, undefined, [...log.proof(3, 5), ...junk])),
    'proof-failed',
    'and one more',
  );
  t.equal(decide(await request(3, 5, await fork.note(5), fork.proof(3, 5))), 'cosign', 'same so far');
  t.equal(decide(await request(3, 3, undefined, junk)), 'proof-failed', 'a proof of nothing');
  const other = { size: treeSize(4), root: log.root(4) };
  t.equal(decide(await fork.request(4, 4), other), 'proof-failed', 'two roots of one size');
  t.equal(decide(await fork.request(4, 6), other), 'proof-failed', 'a fork behind');
  const empty = { size: treeSize(0), root: EMPTY_ROOT };
  t.equal(decide(await request(0, 5), empty), 'cosign', 'an empty tree begins every tree');

  const two = examine(await fork.request(0, 4), logs, verify);
  t.ok(contradicts(two, other), 'evidence, although the answer is 409');
  t.notOk(contradicts(two, held));
  t.notOk(contradicts(two, undefined));
});

t.test('whose signatures count', async (t) => {
  const code = (body: Uint8Array, check: VerifySignature = verify): string =>
    verdict(() => examine(body, logs, check));
  const parts = (body: Uint8Array) => examine(body, logs, verify).lines.map(({ name }) => name);
  t.strictSame(parts(await pq.request(0, 2)), [pq.origin], 'a log with ML-DSA-44 alone');
  t.strictSame(parts(await both.request(0, 2)), [both.origin, both.origin]);
  const [first, second] = both.signers;
  t.strictSame(parts(await both.request(0, 2, await both.note(2, { by: [second!] }))), [both.origin]);

  const good = await both.note(2);
  const halfBad = decodeUtf8(good).replace(/^(— .*\n— .{200})....(.*)$/m, '$1AAAA$2');
  t.not(halfBad, decodeUtf8(good));
  t.equal(
    code(await both.request(0, 2, encodeUtf8(halfBad))),
    'unknown-signer',
    'one bad line spoils the rest',
  );
  t.equal(
    code(await log.request(0, 2, await log.note(2, { by: [first!] }))),
    'unknown-signer',
    'another key',
  );
  t.equal(
    code(await log.request(0, 2, appendSignatures(await log.note(2), parseNote(good).lines))),
    'accepted',
    'lines of strangers are no matter',
  );

  const extensions = ['an extension'];
  t.equal(code(await log.request(0, 2, await log.note(2, { extensions }))), 'accepted', 'covered by Ed25519');
  t.equal(
    code(await pq.request(0, 2, await pq.note(2, { extensions }))),
    'unknown-signer',
    'ML-DSA-44 does not cover them, and our Ed25519 line would',
  );
  t.equal(code(await both.request(0, 2, await both.note(2, { extensions }))), 'accepted');

  let checks = 0;
  const counting: VerifySignature = (...args) => (checks++, verify(...args));
  const [line] = parseNote(await log.note(2)).lines;
  const many = Array.from({ length: 99 }, (_, i) => ({ ...line!, name: i % 2 === 0 ? line!.name : `n${i}` }));
  const bomb = decodeUtf8(await log.note(2)) + many.map((l) => lineText(l)).join('');
  t.equal(code(await log.request(0, 2, encodeUtf8(bomb)), counting), 'accepted', '100 lines');
  t.equal(checks, 1, 'each key is tried once');
  const over = bomb + lineText(line!);
  t.equal(code(await log.request(0, 2, encodeUtf8(over)), counting), 'malformed-note', '101 lines');
  t.equal(checks, 1);
});

const lineText = ({ name, id, blob }: { name: string; id: number; blob: Uint8Array }): string => {
  const bytes = Buffer.alloc(4 + blob.length);
  bytes.writeUInt32BE(id);
  bytes.set(blob, 4);
  return `— ${name} ${bytes.toString('base64')}\n`;
};

t.test('proof bombs', async (t) => {
  const body = decodeUtf8(await log.request(0, 5));
  const hashes = (n: number): string => `${Buffer.alloc(32).toString('base64')}\n`.repeat(n);
  const withProof = (n: number): Uint8Array => encodeUtf8(body.replace('old 0\n', `old 0\n${hashes(n)}`));
  t.equal(
    verdict(() => examine(withProof(63), logs, verify)),
    'accepted',
  );
  t.equal(
    verdict(() => examine(withProof(64), logs, verify)),
    'bad-request',
  );
  t.equal(
    verdict(() => examine(withProof(20_000), logs, verify)),
    'bad-request',
  );
  const found = judge(examine(withProof(63), logs, verify), undefined);
  t.match(found, { kind: 'refused', refusal: { code: 'proof-failed' } });
});

t.test('what any bytes are answered', async () => {
  const body = await log.request(3, 5);
  const codes = new Set([
    'malformed-note',
    'malformed-checkpoint',
    'bad-request',
    'not-found',
    'unknown-signer',
  ]);
  const mutated = fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(fc.array(mutated, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = Uint8Array.from(body);
      for (const [at, mask] of changes) bytes[at] = (bytes[at] ?? 0) ^ mask;
      const code = verdict(() => examine(bytes, logs, verify));
      return code === 'accepted' ? !isNoteChanged(body, bytes) : codes.has(code);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) =>
      codes.has(verdict(() => examine(bytes, logs, verify))),
    ),
  );
});

/** Whether anything but the header differs: old size and proof are not signed. */
function isNoteChanged(before: Uint8Array, after: Uint8Array): boolean {
  const noteOf = (bytes: Uint8Array): string => {
    const text = Buffer.from(bytes).toString('latin1');
    return text.slice(text.indexOf('\n\n'));
  };
  return noteOf(before) !== noteOf(after);
}

/** Key id and blob, as a note line ends. */
function formatLine(id: number, blob: Uint8Array): string {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(id);
  return Buffer.concat([head, blob]).toString('base64');
}

t.test('sign-subtree', async (t) => {
  const { witness, close } = openWitness(witnessDir(t), logs);
  const lines = linesOf(await witness.addCheckpoint(await log.request(0, 5)));
  const cosigned = appendSignatures(await log.note(5), parseSignatures(lines));
  const code = (body: Uint8Array): string => verdict(() => examineSubtree(body, logs, OWN, verify));
  const body = log.subtree(2, 4, 5, cosigned);

  const reply = await witness.signSubtree(body);
  const [, mldsa44] = OWN;
  const line = parseSubtreeReply(reply, mldsa44!);
  const subtree = { origin: log.origin, ...parseSignSubtree(body) };
  t.equal(verifySubtreeCosignature(subtree, line, mldsa44!, verify), 0, 'without a time');
  // With the eight zero bytes of a timestamp and without (C2SP #346), as a note line and bare (v1.1.0): each verifies.
  for (const blob of [line.blob, line.blob.subarray(8)]) {
    const base64 = Buffer.from(blob).toString('base64');
    const noted = reply.replace(/[^ ]+\n$/, `${formatLine(line.id, blob)}\n`);
    for (const form of [`${base64}\n`, noted]) {
      const read = parseSubtreeReply(form, mldsa44!);
      t.equal(verifySubtreeCosignature(subtree, read, mldsa44!, verify), 0, `${blob.length} bytes`);
    }
    const flipped = Uint8Array.from(blob);
    flipped[blob.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const forged = parseSubtreeReply(`${Buffer.from(flipped).toString('base64')}\n`, mldsa44!);
    t.equal(
      verdict(() => verifySubtreeCosignature(subtree, forged, mldsa44!, verify)),
      'unknown-signer',
      `${blob.length} bytes, one changed`,
    );
  }
  t.equal(
    verdict(() => parseSubtreeReply(lines, verifierOf(log.signers[0]!))),
    'unknown-signer',
  );
  t.equal(
    verdict(() => parseSubtreeReply('QUJD\n', mldsa44!)),
    'malformed-note',
  );

  for (const [start, end] of [
    [0, 5],
    [4, 5],
    [0, 4],
    [3, 3],
  ] as const)
    t.equal(code(log.subtree(start, end, 5, cosigned)), 'accepted', `[${start}, ${end})`);
  const text = decodeUtf8(body);
  const swapped = (from: string | RegExp, to: string): Uint8Array => encodeUtf8(text.replace(from, to));
  t.equal(code(swapped('subtree 2 4', 'subtree 02 4')), 'bad-request');
  t.equal(code(swapped('subtree 2 4', 'subtree 2 4 6')), 'bad-request');
  t.equal(code(swapped('subtree 2 4', 'subtree 1 3')), 'bad-request', 'not a subtree');
  t.equal(code(swapped('subtree 2 4', 'subtree 4 6')), 'bad-request', 'beyond the tree');
  t.equal(code(swapped('subtree 2 4', 'subtree 4 2')), 'bad-request');
  t.equal(code(swapped(/\n[^\n]+\n\n/, '\n\n')), 'proof-failed', 'a hash too few');
  t.equal(code(swapped('subtree 2 4', 'subtree 0 2')), 'proof-failed', 'another subtree');
  t.equal(code(log.subtree(2, 4, 5, await log.note(5))), 'unknown-signer', 'not cosigned by us');
  t.equal(code(swapped(/^log\.example\/a$/m, 'log.example/z')), 'not-found');
  const spoilt = decodeUtf8(cosigned).replace(/(— witness.*\n— witness.{300})....(.*)$/m, '$1AAAA$2');
  t.equal(code(log.subtree(2, 4, 5, encodeUtf8(spoilt))), 'unknown-signer', 'one of our lines is forged');

  // A subtree's own signature, without a time, is no checkpoint cosignature.
  const whole = await witness.signSubtree(log.subtree(0, 4, 5, cosigned));
  const posing = appendSignatures(await log.note(4), parseSignatures(whole));
  t.equal(code(log.subtree(0, 2, 4, posing)), 'unknown-signer');
  await close();
});

t.test('requests of sign-subtree are read as they are written', async () => {
  const note = await log.note(5);
  const request = fc.record({
    start: fc.nat(),
    end: fc.nat(),
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(digest),
    proof: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }).map(digest), { maxLength: 63 }),
  });
  fc.assert(
    fc.property(request, (fields) => {
      const bytes = formatSignSubtree({ ...fields, checkpoint: note });
      return Buffer.from(formatSignSubtree(parseSignSubtree(bytes))).equals(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) =>
      ['accepted', 'bad-request', 'malformed-note', 'malformed-checkpoint'].includes(
        verdict(() => parseSignSubtree(text)),
      ),
    ),
  );
});

t.test('lists of logs', async (t) => {
  const [vkey] = log.vkeys;
  const list = `logs/v0\n\n# one\n\tvkey ${vkey}\t\n  origin other.example/x\nqpd 86400\ncontact a b <c>\nvkey ${pq.vkeys[0]}\n`;
  const [a, b] = parseLogList(list);
  t.match(a, { origin: 'other.example/x', qpd: 86400, contact: 'a b <c>' });
  t.match(b, { origin: pq.origin, qpd: undefined, contact: undefined });
  const known = readKnownLogs(encodeUtf8(list));
  t.strictSame([...known.keys()], ['other.example/x', pq.origin]);
  t.equal(known.get('other.example/x')?.qpd, 86400);
  t.equal(readKnownLogs(policyFile(both)).get(both.origin)?.keys.length, 2);
  for (const [what, text] of Object.entries({
    'no header': `vkey ${vkey}\n`,
    'a header of another version': `logs/v1\nvkey ${vkey}\n`,
    'no newline at the end': `logs/v0\nvkey ${vkey}`,
    'no vkey first': 'logs/v0\nqpd 5\n',
    'an unknown word': `logs/v0\nvkey ${vkey}\nqpdd 5\n`,
    'a word without value': `logs/v0\nvkey ${vkey}\nqpd\n`,
    'a word twice': `logs/v0\nvkey ${vkey}\nqpd 5\nqpd 6\n`,
    'no requests': `logs/v0\nvkey ${vkey}\nqpd 0\n`,
    'too many': `logs/v0\nvkey ${vkey}\nqpd 2147483648\n`,
    'a number with zeros': `logs/v0\nvkey ${vkey}\nqpd 05\n`,
    'the same key twice': `logs/v0\nvkey ${vkey}\nvkey ${vkey}\n`,
    'a cosigner': `logs/v0\nvkey ${vkeyOf(SIGNERS[0]!)}\n`,
    'a long origin': `logs/v0\nvkey ${vkey}\norigin ${'x'.repeat(256)}\n`,
    'a control byte': `logs/v0\nvkey ${vkey}\ncontact \u0007\n`,
    'a carriage return': `logs/v0\r\nvkey ${vkey}\r\n`,
  }))
    t.equal(
      verdict(() => parseLogList(text)),
      'malformed-trust-policy',
      what,
    );
  t.equal(
    verdict(() => parseLogList('logs/v0\n')),
    'accepted',
    'an empty one',
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('logs/v0', `vkey ${vkey}`, 'qpd 7', 'origin x', '#', ' ', 'é', '\t')),
      (lines) =>
        ['accepted', 'malformed-trust-policy'].includes(
          verdict(() => parseLogList(lines.map((l) => `${l}\n`).join(''))),
        ),
    ),
  );
});

t.test('a witness', async (t) => {
  let now = TIME;
  const dir = witnessDir(t);
  const opened = openWitness(dir, logs, { now: () => now * 1000 });
  const { witness } = opened;
  const first = linesOf(await witness.addCheckpoint(await log.request(0, 3)));
  t.strictSame(timesOf(t, log, await log.note(3), first), [TIME, TIME]);
  t.equal(await ask(witness, await log.request(0, 3)), 'stale 3');
  t.equal(
    linesOf(await witness.addCheckpoint(await log.request(3, 3))),
    first,
    'no new signature in one second',
  );
  now += 7;
  const again = linesOf(await witness.addCheckpoint(await log.request(3, 3)));
  t.strictSame(timesOf(t, log, await log.note(3), again), [now, now], 'asked again, the time is new');
  now -= 30;
  const back = linesOf(await witness.addCheckpoint(await log.request(3, 4)));
  t.strictSame(timesOf(t, log, await log.note(4), back), [TIME + 7, TIME + 7], 'time never goes back');
  now -= 100;
  t.equal(await ask(witness, await log.request(4, 5)), 'not-cosigning', 'a clock that is wrong');
  t.match(witness.faults(), [/clock/], 'for /readyz');
  now = 0;
  t.equal(await ask(witness, await pq.request(0, 5)), 'not-cosigning', 'no time is not a time');
  now = TIME + 10;

  const note = decodeUtf8(witness.checkpoint(logs.get(log.origin)!.hash));
  t.match(note, decodeUtf8(await log.note(4)), 'text and log signature');
  t.ok(note.endsWith(back), 'and our cosignatures');
  t.equal(
    verdict(() => witness.checkpoint(logs.get(pq.origin)!.hash)),
    'not-found',
    'never cosigned',
  );

  t.equal(await ask(witness, await both.request(0, 2)), 'cosigned');
  const one = await both.note(2, { by: [both.signers[0]!] });
  now++;
  const noise = appendSignatures(one, parseNote(await log.note(2)).lines);
  t.equal(await ask(witness, await both.request(2, 2, noise)), 'cosigned');
  const kept = parseNote(witness.checkpoint(logs.get(both.origin)!.hash)).lines.map(({ name }) => name);
  t.strictSame(
    kept,
    [both.origin, both.origin, NAME, NAME],
    'no line is lost to a stranger, and none of his stays',
  );

  t.equal(await ask(witness, await fork.request(4, 4)), 'proof-failed');
  t.equal(witness.counts.contradictions, 1);
  t.equal(await ask(witness, await log.request(4, 6)), 'cosigned', 'the history we know goes on');
  await opened.close();
  t.equal(await ask(witness, await log.request(6, 7)), 'shutting-down');
});

t.test('races for one origin', async (t) => {
  const dir = witnessDir(t);
  const { witness, state, close } = openWitness(dir, logs);
  const bodies = [];
  for (let i = 0; i < 60; i++) {
    const by = i % 2 === 0 ? log : fork;
    bodies.push(await by.request(i < 20 ? 0 : 4, 4 + (i % 5)));
  }
  const answers = await Promise.allSettled(bodies.map((body) => witness.addCheckpoint(body)));
  const roots = new Map<number, string>();
  for (const [i, answer] of answers.entries()) {
    if (answer.status === 'rejected' || answer.value.kind === 'stale') continue;
    const { size, root } = parseCheckpoint(
      parseNote(decodeUtf8(bodies[i]!).split('\n\n').slice(1).join('\n\n')).text,
    );
    t.equal(roots.get(size) ?? root.toHex(), root.toHex(), `one root of size ${size}`);
    roots.set(size, root.toHex());
  }
  t.ok(roots.size > 1, 'several sizes were cosigned');
  const held = state.held.get(log.origin)!;
  t.equal(held.size, Math.max(...roots.keys()), 'the largest one is held');
  t.ok(witness.counts.rounds < 10, `${witness.counts.rounds} rounds for 60 requests`);
  await close();
});

t.test('allowances', async (t) => {
  const allowance = new Allowance(86_400, 0);
  const taken = (now: number): number => {
    let n = 0;
    while (allowance.take(now)) n++;
    return n;
  };
  t.equal(taken(0), 3600, 'an hour at once');
  t.equal(taken(5), 5, 'one a second');
  t.equal(taken(3), 0, 'a clock that goes back fills nothing');
  t.equal(taken(6), 1);

  const listed = readKnownLogs(encodeUtf8(`logs/v0\nvkey ${log.vkeys[0]}\nqpd 1\n`));
  let now = TIME;
  const { witness, close } = openWitness(witnessDir(t), listed, { now: () => now++ * 1000 });
  for (let size = 1; size <= 16; size++)
    t.equal(await ask(witness, await log.request(size - 1, size)), 'cosigned');
  t.equal(await ask(witness, await log.request(16, 17)), 'rate-limited');
  const lines = new Set<string>();
  for (let i = 0; i < 20; i++) lines.add(linesOf(await witness.addCheckpoint(await log.request(16, 16))));
  t.equal(lines.size, 16, 'repeats have their own allowance, and then get what is stored');
  await close();
});

t.test('state and guard', async (t) => {
  const dir = witnessDir(t);
  const { state: db, guard } = statePaths(dir);
  const open = (): WitnessState => WitnessState.open({ dir, name: NAME });
  const cosignTo = async (from: number, to: number): Promise<void> => {
    const { witness, close } = openWitness(dir, logs);
    for (let size = from + 1; size <= to; size++)
      await witness.addCheckpoint(await log.request(size - 1, size));
    await close();
  };
  await cosignTo(0, 3);
  const backup = join(dir, 'backup.db');
  copyFileSync(db, backup);
  const running = open();
  t.equal(verdict(open), 'locked', 'two on one directory');
  running.close();
  t.equal(
    verdict(() => WitnessState.open({ dir, name: 'another.example' })),
    'foreign-log',
  );
  await cosignTo(3, 5);
  copyFileSync(db, join(dir, 'newest.db'));
  copyFileSync(backup, db);
  t.equal(verdict(open), 'behind-signed-head', 'an old backup');
  t.equal(verdict(open), 'behind-signed-head', 'still');

  rmSync(db);
  const warnings: string[] = [];
  const taken = WitnessState.open({ dir, name: NAME, onWarning: (text) => warnings.push(text) });
  t.match(taken.held.get(log.origin), { size: 5, root: log.root(5), signed: undefined });
  t.equal(warnings.length, 1, 'without a state it goes on from the guard, and says so');
  taken.close();
  const { witness, close } = openWitness(dir, logs);
  t.equal(await ask(witness, await fork.request(0, 5)), 'stale 5', 'nothing is taken as it comes');
  t.equal(await ask(witness, await fork.request(5, 5)), 'proof-failed');
  t.equal(await ask(witness, await log.request(5, 6)), 'cosigned');
  await close();

  rmSync(guard);
  t.equal(verdict(open), 'behind-signed-head', 'a lost guard');
  t.notOk(existsSync(guard), 'is not made by the way');
  WitnessState.open({ dir, name: NAME, rebuildGuard: true }).close();
  const rebuilt = open();
  t.equal(rebuilt.held.get(log.origin)?.size, 6);

  const held = rebuilt.held.get(log.origin)!;
  const smaller = { ...held, size: treeSize(2), root: log.root(2) };
  t.equal(
    verdict(() => rebuilt.commit([smaller])),
    'store-failed',
    'no commit goes back',
  );
  t.equal(
    verdict(() => rebuilt.commit([{ ...held, time: held.time - 1 }])),
    'store-failed',
    'nor in time',
  );
  t.equal(rebuilt.held.get(log.origin)?.size, 6);
  rebuilt.forget(log.origin);
  rebuilt.close();
  const without = open();
  t.notOk(without.held.has(log.origin), 'forgotten in both');
  without.close();
  writeFileSync(db, 'no database at all, but long enough to be looked at as one'.repeat(20));
  t.equal(verdict(open), 'corrupt-store');

  rmSync(db);
  rmSync(guard);
  t.equal(verdict(open), 'behind-signed-head', 'nothing is known of what it cosigned');
  t.throws(
    () => WitnessState.open({ dir, name: NAME, rebuildGuard: true }),
    { message: /are both gone.*second history.*another name/ },
    'nor is there a guard to be made of it',
  );
  t.notOk(existsSync(db) || existsSync(guard));
});

t.test('a write that fails', async (t) => {
  const dir = witnessDir(t);
  let failing: CommitStep | undefined;
  const step = (at: CommitStep): void => {
    if (at === failing) throw new Error('the disk is full');
  };
  const { witness, state, close } = openWitness(dir, logs, {}, { step });
  t.equal(await ask(witness, await log.request(0, 2)), 'cosigned');
  failing = 'begun';
  t.equal(await ask(witness, await log.request(2, 3)), 'store-failed');
  t.match(witness.faults(), [/disk is full/], 'for /readyz');
  t.equal(state.held.get(log.origin)?.size, 2);
  failing = 'stored';
  t.equal(await ask(witness, await log.request(2, 3)), 'store-failed', 'stored, and not guarded');
  t.equal(state.held.get(log.origin)?.size, 3, 'then that is what it must go on from');
  t.equal(
    verdict(() => witness.checkpoint(logs.get(log.origin)!.hash)),
    'not-found',
    'and nothing of it is shown',
  );
  failing = undefined;
  t.equal(await ask(witness, await fork.request(2, 4)), 'stale 3');
  t.match(witness.faults(), [/disk is full/], 'until something was stored again');
  t.equal(await ask(witness, await log.request(3, 3)), 'cosigned', 'signed anew, and guarded');
  t.strictSame(witness.faults(), []);
  await close();
});

t.test('killed between any two steps', async (t) => {
  for (const step of ['begun', 'stored', 'guarded'])
    await t.test(step, async (t: Test) => {
      const dir = witnessDir(t);
      const child = join(import.meta.dirname, '../support/witness-child.ts');
      const { stdout, signal, stderr } = spawnSync(process.execPath, [child, dir, step, '2'], {
        encoding: 'utf8',
      });
      t.equal(signal, 'SIGKILL', stderr);
      const answered = stdout.trim().split('\n').length;
      t.equal(answered, 2, 'the third was never answered');
      const { witness, state, close } = openWitness(dir, logs);
      const size = state.held.get(log.origin)!.size;
      t.equal(size, step === 'begun' ? 2 : 3, 'stored or not, never less than what was answered');
      t.match(await ask(witness, await fork.request(size, size + 1)), /proof-failed|cosigned/);
      t.equal(await ask(witness, await log.request(0, 9)), `stale ${state.held.get(log.origin)!.size}`);
      await close();
    });
});

t.test('evidence', async (t) => {
  const dir = witnessDir(t);
  const warnings: string[] = [];
  const where = join(dir, 'incidents');
  const files = new IncidentFiles({
    dir: where,
    detector: NAME,
    now: () => TIME * 1000,
    onWarning: (text) => warnings.push(text),
  });
  const { witness, close } = openWitness(dir, logs, { onContradiction: (each) => files.contradiction(each) });
  await ask(witness, await log.request(0, 5));
  t.equal(await ask(witness, await fork.request(0, 5)), 'stale 5');
  t.equal(await ask(witness, await fork.request(5, 5)), 'proof-failed');
  t.equal(files.count, 1, 'the same thing twice is one incident');
  t.equal(new IncidentFiles({ dir: where, detector: NAME, now: () => 0, onWarning: () => {} }).count, 1);
  const [name] = /[0-9a-f]{64}\.json/.exec(warnings[0] ?? '') ?? [''];
  const incident = JSON.parse(readFileSync(join(where, name), 'utf8'));
  t.match(incident, {
    origin: log.origin,
    detector: NAME,
    vkeys: log.vkeys,
    evidence: { kind: 'split-view' },
  });
  t.strictSame(
    incident.evidence.heads.map((head: string) => parseNote(head).lines.length),
    [1, 1],
    'log signatures alone',
  );
  t.strictSame(
    incident.evidence.heads.map((head: string) => parseCheckpoint(parseNote(head).text).root.toHex()),
    [log.root(5).toHex(), fork.root(5).toHex()],
  );
  await close();

  writeFileSync(join(dir, 'blocked'), '');
  const blocked = new IncidentFiles({
    dir: join(dir, 'blocked', 'incidents'),
    detector: NAME,
    now: () => TIME * 1000,
    onWarning: (text) => warnings.push(text),
  });
  const other = openWitness(dir, logs, { onContradiction: (each) => blocked.contradiction(each) });
  t.equal(await ask(other.witness, await fork.request(5, 5)), 'proof-failed', 'answered all the same');
  t.match(warnings.at(-1), /could not be kept/);
  await other.witness.halt(log.origin, 'two histories');
  t.equal(await ask(other.witness, await log.request(5, 6)), 'not-cosigning', 'halted');
  t.equal(await ask(other.witness, await log.request(0, 6)), 'stale 5', 'after the other checks');
  await other.close();
  const third = openWitness(dir, logs);
  t.ok(third.witness.isHalted(log.origin), 'over restarts');
  third.state.halt(log.origin, '');
  t.equal(await ask(third.witness, await log.request(5, 6)), 'cosigned', 'until the operator says so');
  await third.close();
});
