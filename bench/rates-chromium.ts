/** Runs a page of bench/verify-rates.ts in headless Chromium, and tells it how much processor time it has used. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundlePage, openPage } from '../test/support/chromium.ts';
import { threadTimes } from './processor.ts';
import type { RateOrder } from './rates-order.ts';
import type { PageReport } from './rates-page.ts';

/** The processes of this Chromium that run pages. Which of them has ours is not told; the others are idle. */
function renderersOf(profile: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return argv.includes('--type=renderer') && argv.includes(profile);
    } catch {
      return false; // it has ended
    }
  });
}

/** Milliseconds that all threads of a process ran. */
function ran(pid: number): number {
  try {
    return [...threadTimes(pid).values()].reduce((sum, each) => sum + each, 0) / 1e6;
  } catch {
    return 0;
  }
}

/** What the page reports. `log` answers for the log whose past is read. */
export async function inChromium(
  order: RateOrder,
  readings: number,
  log: RequestListener,
): Promise<PageReport> {
  const script = await bundlePage('bench/rates-page.ts');
  const profile = mkdtempSync(join(tmpdir(), 'tallystick-rates-'));
  const found = Promise.withResolvers<PageReport>();
  let renderers: readonly number[] | undefined;
  const server = createServer(async (request, response) => {
    const { url = '' } = request;
    if (url === '/') {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>');
    } else if (url === '/page.js') {
      response.setHeader('content-type', 'text/javascript').end(script);
    } else if (url === '/order.json') {
      const at = `http://${request.headers.host ?? ''}`;
      response.end(JSON.stringify({ ...order, readings, past: { ...order.past, log: at } }));
    } else if (url === '/clock') {
      renderers ??= renderersOf(profile);
      response.end(String(renderers.reduce((sum, pid) => sum + ran(pid), 0)));
    } else if (url === '/report') {
      found.resolve(JSON.parse(await text(request)) as PageReport);
      response.end();
    } else log(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const browser = openPage(`http://localhost:${port}/`, profile);
  const ended = browser.ended.then(() => Promise.reject(new Error('Chromium ended without a report')));
  try {
    const report = await Promise.race([found.promise, ended]);
    if (report.fault !== undefined) throw new Error(`in the page: ${report.fault}`);
    return report;
  } finally {
    ended.catch(() => undefined);
    await browser.stop();
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
