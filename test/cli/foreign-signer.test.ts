/** An attack: an agent proves a claim by a handshake with a server of its own. Every reader, and the agent itself, refuses. */
import { createServer } from 'node:tls';
import t, { type Test } from 'tap';
import { boundToTarget } from '#src/agent/bound.ts';
import { assembleProof, type Run } from '#src/claim/assemble.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { aimOf } from '#src/evidence/identity.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import type { Claim, Declaration } from '#src/statement/commitment.ts';
import { encodeProof } from '#src/statement/payload.ts';
import { makeCertificate, type Made } from '../support/certificates.ts';
import { hashOf, listen, NOW, pinnedTo, probeAt } from '../support/e3-targets.ts';
import { claim, SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';
import { people } from '../support/world.ts';

const [own, evil] = [
  await makeCertificate({ name: 'own', hosts: ['localhost'] }),
  await makeCertificate({ name: 'evil', hosts: ['localhost'] }),
];

async function serve(t: Test, { keyPem, certPem }: Made, version: 'TLSv1.2' | 'TLSv1.3'): Promise<number> {
  const options = { key: keyPem, cert: certPem, minVersion: version, maxVersion: version } as const;
  const server = await listen(createServer(options));
  t.teardown(() => server.stop());
  return server.port;
}

const accepted: Claim = { ...claim, id: 'tls13', expr: "o.tls.accepted['TLSv1.3']", minEvidence: 'E3' };
const pinned = (spki: string): Claim => ({
  ...claim,
  id: 'key-pinned',
  expr: `o.tls.certificate.spki == '${spki}'`,
  minEvidence: 'E3',
});

t.test('a server of the agent, beside a claim that the true one answers', async (t) => {
  const [good, bad] = [await serve(t, own, 'TLSv1.2'), await serve(t, evil, 'TLSv1.3')];
  const w = await SeeWorld.start(t);
  const target = pinnedTo({ cert: own.certPem }, `localhost:${good}`);
  const spki = String(
    target.locators?.[0]?.identity?.map((each) => ('spki' in each ? each.spki.toHex() : ''))[0],
  );
  const claims = [accepted, pinned(spki)];
  const commitment = await w.commit({ claims, target });
  const frame = w.frame(commitment);
  const challenge = challengeOf(frame.challenge.root, commitment, frame.challenge.nonce);
  const runs: readonly Run[] = [
    { claims: [accepted], seen: await probeAt(tlsProbe, bad, {}, { challenge }) },
    { claims: [pinned(spki)], seen: await probeAt(tlsProbe, good, {}, { challenge }) },
  ];
  const { proof } = assembleProof(frame, runs, { leaves: 1, excluded: 0 }, hashOf('salts'));
  t.match(proof.results, [
    { verdict: 'PROVEN', evidence: 'E3' },
    { verdict: 'PROVEN', evidence: 'E3' },
  ]);
  await w.say('proof', encodeProof(proof), people.agent);
  const told =
    /tls13 +UNKNOWN +not believed[^]*another signed: the key [0-9a-f]{16}… is none that the commitment names/;
  t.match(await w.tally('status', SUBJECT), { code: 5, out: told });
  t.match((await w.tally('status', SUBJECT)).out, /key-pinned +PROVEN +E3/, 'the honest half stands');
  t.match(await w.tally('gate', SUBJECT, '--require', 'proven'), {
    code: 5,
    out: /not passed: tls13 is UNKNOWN/,
  });
  t.match(await w.tally('watch', '--once'), { code: 5, out: /tls13 .*UNKNOWN/ });
  const why = (await w.tally('why', SUBJECT, 'tls13')).out;
  t.match(why, /NOT THE TARGET'S: the key/);
  t.match((await w.tally('why', SUBJECT, 'key-pinned')).out, /signature +verified: .*localhost/);
  t.match(await w.tally('get', '2', '--transcripts', 'by-hand'), {
    code: 0,
    out: /in by-hand\/\d+\/\n +# NOT THE TARGET'S: the key [^]*in by-hand\/\d+\/\n +# the target's/,
  });
  await w.tally('get', '2', '--out', 'proof');
  await w.tally('get', '1', '--out', 'declared');
  t.match(await w.tally('verify', 'proof', 'declared'), {
    code: 3,
    out: /✗ verdict +tls13: .*another signed/,
  });
});

t.test('an honest agent says what it is worth', async (t) => {
  const [good, bad] = [await serve(t, own, 'TLSv1.3'), await serve(t, evil, 'TLSv1.3')];
  const challenge = hashOf('a challenge');
  const judge = async (port: number, target: Declaration['target'], asked: Claim) => {
    const aim = aimOf(asked, { target, claims: [asked] } as unknown as Declaration, SUBJECT);
    const of = { probe: asked.probe, aim, challenge };
    return judgeClaim(asked, await boundToTarget(await probeAt(tlsProbe, port), of, NOW / 1000));
  };
  const at = pinnedTo({ cert: own.certPem }, 'localhost:1');
  t.match(await judge(good, at, accepted), { verdict: 'PROVEN', evidence: 'E3', explain: undefined });
  const strange = await judge(bad, at, accepted);
  t.match(strange, { verdict: 'UNKNOWN', evidence: 'E1', explain: /asks for E3 \(the key .* is none that/ });
  t.ok(strange.attachments.length > 0, 'what was signed instead is kept');
  const bare = { locators: [{ at: 'localhost:1' }] };
  t.match(await judge(good, bare, accepted), {
    verdict: 'UNKNOWN',
    explain: /names no key or CA for localhost:1: tallystick commit --repin --subject db\/payments/,
  });
  const seen = { ...accepted, minEvidence: 'E1' } as const;
  t.match(await judge(good, bare, seen), {
    verdict: 'PROVEN',
    evidence: 'E1',
    explain: /names no key or CA/,
  });
  const aim = aimOf(accepted, { target: at, claims: [accepted] } as unknown as Declaration, SUBJECT);
  const looked = await probeAt(tlsProbe, good);
  const bare3 = { ...looked, grades: [{ path: '', evidence: 'E3' as const }] };
  const of = { probe: accepted.probe, aim, challenge };
  const { grades } = await boundToTarget(bare3, of, NOW / 1000);
  t.match(
    grades,
    [{ evidence: 'E1', lowered: 'there is no signature' }],
    'nothing signed, and called signed',
  );
  const strangers = await boundToTarget(looked, { ...of, probe: 'http@1' }, NOW / 1000);
  t.ok(
    strangers.grades.every(({ evidence }) => evidence !== 'E3'),
    'a probe that is not in the registry of signed facts is never E3',
  );
  const not13 = { ...seen, expr: "!o.tls.accepted['TLSv1.3']" };
  t.match(
    await judge(bad, at, not13),
    { verdict: 'VIOLATED', evidence: 'E1' },
    'a violation is told all the same',
  );
});
