/** Two that commit about one subject at once: nothing that was said first is lost in silence (src/commit/commit.ts). */
import t, { type Test } from 'tap';
import { digest } from '../../src/bytes/brand.ts';
import { parseHex } from '../../src/bytes/text.ts';
import type { Declaration } from '../../src/statement/commitment.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { user, type Told } from './support/user.ts';
import { commitmentStatement, entryIdOf, people } from '../support/world.ts';

/** Commits while somebody else is faster, `times` in a row, with a declaration like `change`. */
async function raced(t: Test, change: Partial<Declaration>, times = 1) {
  const me = await user(t, { 'app.conf': 'a' });
  const first = await me.run('commit', 'app.conf', '--json');
  t.equal(first.code, 0);
  const { meddle } = me.log;
  let left = times;
  const newest = (): string => entryIdOf(me.log.entries.at(-1) ?? new Uint8Array());
  me.log.meddle = async (path, method) => {
    if (method !== 'POST' || left === 0) return meddle(path, method);
    left -= 1;
    const supersedes = digest(parseHex(newest()));
    const environment = `rival-${left}`;
    me.log.entries.push(
      await commitmentStatement('app.conf', { supersedes, environment, ...change }, people.author),
    );
    const detail = 'the newest is another';
    return Response.json(
      { title: 'Rejected', detail, code: 'superseded-meanwhile' },
      { status: 400, headers: { 'content-type': 'application/problem+json' } },
    );
  };
  const told: Told = await me.run('commit', 'app.conf', '--environment', 'mine', '--json');
  return { told, log: me.log };
}

t.test('a commit that came second goes on where nothing is lost', async (t) => {
  for (const times of [1, 3]) {
    const { told, log } = await raced(t, { claims: [] }, times);
    t.equal(told.code, 0, told.err);
    const [before, last] = log.entries.slice(-2);
    const parsed = parseStatement(last ?? new Uint8Array());
    t.equal(log.entries.length, 2 + times + 1);
    t.match(parsed, { commitment: { environment: 'mine' } });
    t.equal(
      parsed.kind === 'commitment' && parsed.commitment.supersedes?.toHex(),
      entryIdOf(before ?? new Uint8Array()),
      'it follows what came first',
    );
  }
  const endless = await raced(t, { claims: [] }, 20);
  t.match(endless.told, { code: 3, err: /superseded-meanwhile/ }, 'and not for ever');
});

t.test('a commit that came second says what would be lost', async (t) => {
  const claim = {
    id: 'tls',
    expr: 'true',
    probe: 'tls@1',
    minEvidence: 'E0',
    cadence: 60,
    severity: 'low',
  } as const;
  const cases: readonly (readonly [Partial<Declaration>, RegExp])[] = [
    [{ claims: [claim] }, /would replace it without its claims\.tls\./],
    [{ claims: [], approvals: 1 }, /without its approvals/],
    [{ claims: [], target: { owner: 'somebody' } }, /without its target\.owner/],
  ];
  for (const [change, why] of cases) {
    const { told, log } = await raced(t, change);
    t.not(told.code, 0);
    t.match(told.err, why);
    t.equal(log.entries.length, 3, 'nothing of ours is logged');
  }
});
