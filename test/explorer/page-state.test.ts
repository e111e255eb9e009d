/** What a page keeps, and what it does when that is damaged, denied or too much; and when its verifier has failed. */
import t from 'tap';
import { jsonOf } from '#src/explorer/page/state/bounded.ts';
import { ReaderTrust } from '#src/explorer/page/state/reader-trust.ts';
import { WrongAnswer } from '#src/explorer/page/state/shape.ts';
import { RemoteVerifier, type Port } from '#src/explorer/page/worker/remote.ts';

const ORIGIN = 'log.example';

function storage(): Map<string, string> & Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return Object.assign(kept, {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
}

const denied = () => {
  throw new Error('denied');
};

t.test('the reader’s policy', async (t) => {
  const kept = storage();
  const trust = new ReaderTrust(ORIGIN, 'served', () => kept);
  t.strictSame(trust.text, { whose: 'server', text: 'served' });
  t.equal(trust.use('mine'), true);
  t.strictSame(trust.text, { whose: 'reader', text: 'mine' });
  t.strictSame(new ReaderTrust(ORIGIN, 'served', () => kept).text.text, 'mine', 'kept for the next page');
  t.equal(new ReaderTrust('other.example', 'served', () => kept).text.whose, 'server', 'for one log');
  trust.forget();
  t.equal(trust.text.whose, 'server');
  t.equal(kept.size, 0);
});

t.test('a browser that keeps nothing does not put the server’s keys in place of the reader’s', async (t) => {
  const trust = new ReaderTrust(ORIGIN, 'served', denied);
  t.equal(trust.use('mine'), false, 'and it says so');
  t.strictSame(trust.text, { whose: 'reader', text: 'mine' });
  trust.forget();
  t.equal(trust.text.whose, 'server');
});

t.test('a server’s word is read as far as there is room for it', async (t) => {
  t.strictSame(await jsonOf(new Response('{"a":"ä"}')), { a: 'ä' });
  await t.rejects(jsonOf(new Response('')), WrongAnswer);
  await t.rejects(jsonOf(new Response(Buffer.from('"\xff"', 'latin1'))), WrongAnswer);
  let sent = 0;
  let isEnded = false;
  const endless = new ReadableStream({
    pull: (controller) => {
      sent += 1_000;
      controller.enqueue(new Uint8Array(1_000).fill(32));
    },
    cancel: () => {
      isEnded = true;
    },
  });
  await t.rejects(jsonOf(new Response(endless), 10_000), /more than 10000 bytes/);
  t.ok(isEnded, 'the rest is not fetched');
  t.ok(sent < 20_000);
});

t.test('a verifier that has failed answers nothing any more, and the page is told', async (t) => {
  let fail: (event: { readonly message?: string }) => void = () => undefined;
  const port: Port = {
    postMessage: () => undefined,
    terminate: () => undefined,
    addEventListener: (type: 'message' | 'error', listener: (event: never) => void) => {
      if (type === 'error') fail = listener as typeof fail;
    },
  };
  const verifier = new RemoteVerifier(port);
  const told: string[] = [];
  verifier.onBroken = ({ fault }) => void told.push(fault.text);
  const waiting = verifier.ask({ kind: 'head' });
  fail({ message: 'out of memory' });
  await t.rejects(waiting.result, { name: 'VerifierFault', message: 'out of memory' });
  await t.rejects(verifier.ask({ kind: 'head' }).result, { message: 'out of memory' }, 'at once');
  t.strictSame(told, ['out of memory']);
});

t.test('a verifier that ended without a word is told, and another one is started', async (t) => {
  let hear: (event: { readonly data: unknown }) => void = () => undefined;
  let tick: () => void = () => undefined;
  const [asked, told]: [unknown[], boolean[]] = [[], []];
  let ended = 0;
  const port: Port = {
    postMessage: (question) => void asked.push(question),
    addEventListener: (type: 'message' | 'error', listener: (event: never) => void) => {
      if (type === 'message') hear = listener as typeof hear;
    },
    terminate: () => void (ended += 1),
  };
  let running = 0;
  const verifier = new RemoteVerifier(port, (call) => {
    running += 1;
    tick = call;
    return () => void (running -= 1);
  });
  verifier.onSilent = (isSilent) => void told.push(isSilent);
  t.equal(running, 0, 'nobody looks after one that has nothing to answer');
  const { result } = verifier.ask({ kind: 'head' });
  t.equal(running, 1);
  for (let i = 0; i < 3; i++) tick();
  t.strictSame(asked.at(-1), { id: 0, ping: true });
  t.strictSame(told, [], 'it may be busy');
  hear({ data: { id: 0, say: 'here' } });
  for (let i = 0; i < 3; i++) tick();
  t.strictSame(told, []);
  tick();
  t.strictSame(told, [true]);
  tick();
  t.strictSame(told, [true], 'once');
  hear({ data: { id: 0, say: 'here' } });
  t.strictSame(told, [true, false], 'it was busy after all');
  verifier.end();
  await t.rejects(result, { name: 'VerifierFault', message: 'stopped' }, 'whoever waited is told');
  t.equal(running, 0);
  t.equal(ended, 1);
  await t.rejects(verifier.ask({ kind: 'head' }).result, { message: 'stopped' });
});
