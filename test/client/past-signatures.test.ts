/** Signatures in proofs of a period are weighed at times that the witnesses allow: a log makes no certificate too young or too old. */
import t from 'tap';
import { knownHistory } from '#src/appraisal/past/known.ts';
import { readPast } from '#src/client/past/read.ts';
import { assembleProof } from '#src/claim/assemble.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import { encodeProof } from '#src/statement/payload.ts';
import { makeCertificate } from '../support/certificates.ts';
import { hashOf, nodeTls, probeAt } from '../support/e3-targets.ts';
import { withWitnesses } from '../support/past-world.ts';
import { claim, HOUR, SeeWorld, START, SUBJECT } from '../support/see-world.ts';
import { people } from '../support/world.ts';

t.test('a log that sets its times back over a violation that the target signed', async (t) => {
  const root = await makeCertificate({
    name: 'Root',
    ca: true,
    usage: 4,
    from: START - 90 * HOUR,
    to: START + 90 * HOUR,
  });
  const leaf = await makeCertificate({
    name: 'localhost',
    by: root,
    hosts: ['localhost'],
    usage: 0x80,
    from: START - HOUR,
    to: START + 24 * HOUR,
  });
  const server = await nodeTls({ key: leaf.keyPem, cert: leaf.certPem, minVersion: 'TLSv1.2' });
  t.teardown(() => server.stop());
  const w = withWitnesses(await SeeWorld.start(t));
  await w.witness();
  const commitment = await w.commit({
    claims: [claim],
    target: {
      locators: [{ at: `localhost:${server.port}`, identity: [{ ca: 0, host: 'localhost' }] }],
      authorities: [root.der],
    },
  });
  w.now += 60;
  await w.witness();
  const frame = w.frame(commitment);
  const challenge = challengeOf(frame.challenge.root, commitment, frame.challenge.nonce);
  const seen = await probeAt(tlsProbe, server.port, {}, { challenge });
  const { proof } = assembleProof(
    frame,
    [{ claims: [claim], seen }],
    { leaves: 1, excluded: 0 },
    hashOf('salts'),
  );
  await w.say('proof', encodeProof(proof), people.agent);
  const at = w.log.entries.length - 1;
  w.now += 60;
  await w.witness();
  w.now += HOUR;
  const period = { since: START, until: w.now };
  for (const set of [0, -5 * HOUR, 48 * HOUR]) {
    w.times[at] = START + 60 + set;
    const record = await readPast(await w.reader().snapshot(), SUBJECT, period, { slots: false });
    const [past] = knownHistory(record, period).claims;
    t.match(past?.looks, [{ verdict: 'VIOLATED', evidence: 'E3' }], `times set by ${set} s`);
    t.equal(past?.spans.at(-1)?.kind, 'failed');
  }
});
