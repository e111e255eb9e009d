/** The verifier in a worker of its own, so that the page stays responsive. */
import { HeadsInMemory } from '../../../client/memory.ts';
import { openHeads } from '../state/heads.ts';
import { isQuestion } from './messages.ts';
import { cut } from './pieces.ts';
import { Verifier } from './verifier.ts';

const started = openHeads().then((kept) => {
  const outside = {
    fetch: fresh,
    now: Date.now,
    memory: kept ?? new HeadsInMemory(),
    lasts: () => kept?.lasts === true,
  };
  return new Verifier(outside, (reply) => {
    for (const each of cut(reply)) postMessage(each);
  });
});

addEventListener('message', (event: MessageEvent<unknown>) => {
  const question = event.data;
  if (!isQuestion(question)) throw new Error('a message that is no question');
  void started.then((verifier) => verifier.take(question));
});

/**
 * Asks the server for everything but tiles, whose contents never change: a head out of the browser's cache would be compared
 * with itself.
 */
function fresh(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  return fetch(input, { ...init, cache: url.pathname.includes('/tile/') ? 'default' : 'no-cache' });
}
