/** Rates of statements: by address, by key, by key and subject; and what a stranger cannot use up. */
import t from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { leafIndex } from '#src/bytes/brand.ts';
import { Rates, type StatementRates } from '#src/http/rates.ts';
import { entryIdOf } from '#src/client/scrapi.ts';
import type { Outcome } from '#src/log/ports.ts';
import { serve, SEQUENCE } from '../support/http-served.ts';
import { commitmentStatement, people } from '../support/world.ts';

const OFF: StatementRates = { address: 0, key: 0, subject: 0 };
const mine = await commitmentStatement('a');
const other = await commitmentStatement('b');
const theirs = await commitmentStatement('a', {}, people.approver);

const outcomeOf = (statement: Uint8Array, duplicate = false): Outcome => ({
  kind: 'logged',
  id: entryIdOf(statement),
  index: leafIndex(1),
  receipt: undefined,
  duplicate,
});
const refused: Outcome = { kind: 'refused', refusal: new Refusal('bad-signature', 'no') };

function ratesOf(rates: Partial<StatementRates>): { readonly rates: Rates; readonly clock: { now: number } } {
  const clock = { now: 1_000 };
  return { clock, rates: new Rates({ ...OFF, ...rates }, 60_000, () => clock.now) };
}

t.test('an address: a batch counts its statements', (t) => {
  const { rates, clock } = ratesOf({ address: 3 });
  rates.take('x', [mine, mine]);
  rates.take('x', [mine, mine, mine]);
  t.throws(() => rates.take('x', [mine]), {
    code: 'rate-limited',
    message: /^Only 3 statements from one address/,
  });
  rates.take('y', [mine]);
  clock.now += 59_001;
  t.equal(rates.retryAfter, 1);
  t.throws(() => rates.take('x', [mine]), { code: 'rate-limited' });
  clock.now += 999;
  rates.take('x', [mine]);
  t.equal(rates.retryAfter, 60);
  clock.now = 0;
  rates.take('x', [mine, mine, mine]);
  t.end();
});

t.test('a key, by what was logged: nobody else uses it up', (t) => {
  const { rates } = ratesOf({ key: 2 });
  for (let i = 0; i < 10; i++) {
    rates.take('stranger', [mine]);
    rates.logged([mine], [refused]);
    rates.take('stranger', [mine]);
    rates.logged([mine], [outcomeOf(mine, true)]);
  }
  rates.take('own', [mine, other]);
  rates.logged([mine, other], [outcomeOf(mine), outcomeOf(other)]);
  t.throws(() => rates.take('own', [mine]), { code: 'rate-limited', message: /of one key are taken/ });
  t.throws(
    () => rates.take('elsewhere', [theirs, other]),
    { code: 'rate-limited' },
    'from wherever, nothing of it',
  );
  rates.take('own', [theirs]);
  rates.take('own', [new Uint8Array(7)]);
  t.end();
});

t.test('a key about a subject: not another key, not another subject', (t) => {
  const { rates } = ratesOf({ subject: 1 });
  rates.logged([mine], [outcomeOf(mine)]);
  t.throws(() => rates.take('own', [mine]), { code: 'rate-limited', message: /one key about one subject/ });
  rates.take('own', [theirs, other]);
  t.end();
});

t.test('served: 429 with Retry-After, before the log is asked', async (t) => {
  const limits = { statementsPerWindow: 3, rateWindowMs: 60_000 };
  const { url, log } = await serve(t, 1, { limits });
  const batch = Buffer.concat([mine, other, theirs]);
  const post = async (): Promise<Response> =>
    fetch(`${url}/entries`, { method: 'POST', body: batch, headers: { 'content-type': SEQUENCE } });
  t.equal((await post()).status, 200);
  const submit = log.submit.bind(log);
  let asked = 0;
  log.submit = (statements) => (asked++, submit(statements));
  const over = await post();
  t.equal(over.status, 429);
  t.match(over.headers.get('retry-after'), /^[1-9]\d?$/);
  t.equal(asked, 0);
});
