/**
 * Claims over time in Node: the verdicts of a subject, and the earlier looks that each of them rests on. The log is not trusted: what
 * may be missing is said, and then nothing over time is PROVEN.
 *
 *     node examples/over-time.js http://127.0.0.1:6962 tallystick-data/trust.policy web/shop
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
const day = (time) => (time === undefined ? 'no time' : new Date(time * 1000).toISOString().slice(0, 10));
for (const { claim, verdict, explain, over } of claims) {
  console.log(`${claim.id}: ${verdict}${explain === undefined ? '' : `  ${explain}`}`);
  if (over === undefined) continue;
  const days = Math.floor(over.covered / 86_400);
  console.log(
    `  ${over.looks} earlier looks, ${days} days covered${over.missing === undefined ? '' : `; ${over.missing}`}`,
  );
  for (const { first, last, decides } of over.seen)
    console.log(
      `  ${decides ? 'decides: ' : ''}first seen not after ${day(first.notAfter)}, last in entry ${last.index}`,
    );
}
const isProven = claims.length > 0 && claims.every(({ verdict }) => verdict === 'PROVEN');
process.exitCode = isProven ? 0 : 3;
