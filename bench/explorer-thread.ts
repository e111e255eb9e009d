/** Browsers of bench/explorer.ts, on a thread of their own: each opens one page, the document and then what that asks for. */
import { parentPort, workerData } from 'node:worker_threads';
import { BROWSERS, PAGES } from './explorer-pages-asked.ts';

/** What a page asks for when it is open. */
const ASKED = ['/checkpoint', '/v1/log', '/v1/search?limit=100', '/tile/0/000'];

const { url } = workerData as { readonly url: string };

async function get(path: string): Promise<void> {
  const reply = await fetch(url + path, { headers: { 'accept-encoding': 'gzip' } });
  await reply.arrayBuffer();
}

async function open(page: string): Promise<void> {
  await get(page);
  await Promise.all([...ASKED, ...(page === '/' ? ['/v1/overview'] : [])].map(get));
}

parentPort?.on('message', (turn: number) => {
  const pages = Array.from({ length: BROWSERS }, (_, i) => PAGES[(turn + i) % PAGES.length] ?? '/');
  Promise.all(pages.map(open)).then(
    () => parentPort?.postMessage('opened'),
    (error: unknown) => {
      throw error;
    },
  );
});
