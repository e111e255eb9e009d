/**
 * A library user in Node: where the claims of a subject stand, read from a log that nobody has to trust.
 *
 *     node examples/read.js http://127.0.0.1:6962 tallystick-data/trust.policy web/shop
 *
 * Ends with 0 when every claim is PROVEN, with 3 when one is not, or there are none.
 */
import { readFile } from 'node:fs/promises';
import { appraiseSubject } from 'tallystick/appraisal';
import { openClient, trustPolicy } from 'tallystick/client';

const [log = '', policy = '', subject = ''] = process.argv.slice(2);
const trust = trustPolicy(await readFile(policy));
const snapshot = await openClient({ log, trust, fetch, now: Date.now }).snapshot();
const { claims } = appraiseSubject(await snapshot.subject(subject), snapshot.context);
for (const { claim, verdict, evidence = 'no evidence', explain = '' } of claims)
  console.log(`${claim.id}: ${verdict} [${evidence}] ${explain}`.trimEnd());
const isProven = claims.length > 0 && claims.every(({ verdict }) => verdict === 'PROVEN');
process.exitCode = isProven ? 0 : 3;
