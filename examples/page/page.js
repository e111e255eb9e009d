/**
 * A page that comes to a verdict by itself: it reads a log from wherever it is served, and believes no server. What it is to
 * read stands in its address, `?log=…&policy=…&subject=…`; a real page has the policy, which says whom it trusts, in itself.
 *
 *     npx esbuild examples/page/page.js --bundle --format=esm --outfile=examples/page/page.bundle.js
 */
import { Refusal } from 'tallystick';
import { appraiseSubject } from 'tallystick/appraisal';
import { openClient, trustPolicy } from 'tallystick/client';

const wanted = new URLSearchParams(location.search);
const line = document.querySelector('#log');
const table = document.querySelector('#claims');

try {
  const trust = trustPolicy(new TextEncoder().encode(wanted.get('policy') ?? ''));
  const own = { trust, fetch: fetch.bind(globalThis), now: Date.now };
  const snapshot = await openClient({ log: wanted.get('log') ?? '', ...own }).snapshot();
  const { origin, size } = snapshot.view.opened.checkpoint;
  const { claims } = appraiseSubject(await snapshot.subject(wanted.get('subject') ?? ''), snapshot.context);
  for (const { claim, verdict, evidence = '' } of claims) {
    const row = table.insertRow();
    // Texts of a log are texts of strangers: they never become HTML.
    for (const text of [claim.id, verdict, evidence]) row.insertCell().textContent = text;
  }
  line.textContent = `${origin}, ${size} entries`;
} catch (error) {
  line.textContent = error instanceof Refusal ? `${error.code}: ${error.message}` : String(error);
}
