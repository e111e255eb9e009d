/**
 * verify.html: one document that works from a saved file without a network. This script is all of it: in the document it draws the page,
 * and in a worker made of its own text it examines files. Browsers run neither module scripts nor files of workers from file://.
 */
import { render } from 'preact';
import { Examiner } from '../page/examining/remote.ts';
import { answerFiles } from '../page/examining/thread.ts';
import { Examine } from '../page/examining/view.ts';
import { html } from '../page/html.ts';
import { blobPolicy } from '../page/worker/start.ts';

if (typeof document === 'undefined') answerFiles(Date.now);
else startPage(document.currentScript?.textContent ?? '');

function startPage(script: string): void {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const trusted = blobPolicy(url);
  const examiner = new Examiner(() => new Worker(trusted));
  const root = document.getElementById('app');
  if (root === null) throw new Error('the document has no place for the app');
  root.replaceChildren();
  render(html`<${Examine} examiner=${examiner} />`, root);
}
