/** The same log read live, from a mirror and from a directory; and what a host without a search must not be believed. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { formatTime } from '#src/bytes/time.ts';
import { folderFetch } from '#src/client/node/folder-fetch.ts';
import { copyTo, withWitnesses, type Past } from '../support/past-world.ts';
import { MIRROR, SUBJECT } from '../support/see-world.ts';
import { SeeWorld, type Told } from './support/see-world.ts';

type PastWorld = SeeWorld & Past;

const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

/** A subject that was proven, violated and proven again, with a witnessed head after each step. */
async function grown(t: Test): Promise<PastWorld> {
  const w = withWitnesses(await SeeWorld.start(t));
  const commitment = await w.commit({ approvals: 1 });
  await w.approve(commitment);
  for (const result of [{}, violated, {}]) {
    w.now += 60;
    await w.witness();
    w.now += 60;
    await w.prove(commitment, result);
    await w.commit({ claims: [] }, `other/${w.now}`);
  }
  w.now += 10;
  return w;
}

const see = async (w: PastWorld, ...argv: string[]): Promise<Told> =>
  w.tally('status', SUBJECT, ...w.policy, ...argv, '--json');

/** What of a claim does not depend on who says when entries were logged. */
const verdictOf = ({ json }: Told): unknown => {
  const [{ commitment, in_force, claims }] = json.subjects;
  const [{ verdict, evidence, proof, age }] = claims;
  return { commitment, in_force, verdict, evidence, proof, age };
};

t.test('the same status live, from a mirror, and from a directory', async (t) => {
  const w = await grown(t);
  await copyTo(w, 'copy');
  const live = await see(w);
  t.match(live.json, { complete: 'search', times: 'log', at: null });
  for (const place of [MIRROR, 'copy', join(w.dir, 'copy')]) {
    const told = await see(w, '--log', place);
    t.strictSame(verdictOf(told), verdictOf(live), place);
    t.match(told, { code: live.code, json: { complete: 'full', times: 'bounds', size: live.json.size } });
  }
  const shown = await w.tally('status', SUBJECT, ...w.policy, '--log', 'copy');
  t.match(
    shown.out,
    /the whole copy was read: nothing was left out; times are the latest that signed heads allow/,
  );
  t.match(await w.tally('registry', 'list', ...w.policy, '--log', 'copy', '--json'), {
    json: { subjects: { length: 4 } },
  });
  t.match(await w.tally('why', SUBJECT, 'tls-min', ...w.policy, '--log', MIRROR), { code: 0, out: /PROVEN/ });
  t.match(await w.tally('status', ...w.policy, '--log', 'copy'), { code: 0, out: /tiles alone/ });
});

t.test('hosts of files alone answer a search in many ways', async (t) => {
  const w = await grown(t);
  const live = await see(w);
  const page = (status: number, type: string) => (): Response =>
    new Response('<!doctype html><title>Sorry</title>', { status, headers: { 'content-type': type } });
  for (const [what, answer] of [
    ['a bucket that may not be listed', page(403, 'application/xml')],
    ['a page', page(200, 'text/html')],
    ['a page that says it is JSON', page(200, 'application/json')],
    ['gone', page(410, 'text/html')],
    ['no such method', page(405, 'text/plain')],
    ['not implemented', page(501, 'text/html')],
  ] as const) {
    w.noSearch = answer;
    const told = await see(w, '--log', MIRROR);
    t.strictSame(verdictOf(told), verdictOf(live), what);
    t.match(told, { code: live.code, json: { complete: 'full', times: 'bounds' } }, what);
  }
  for (const status of [401, 500]) {
    w.noSearch = page(status, 'text/html');
    t.match(
      await see(w, '--log', MIRROR),
      { code: 2, err: new RegExp(`answered ${status}`) },
      `${status}: nothing is known of its search`,
    );
  }
});

t.test('the past of a copy', async (t) => {
  const w = await grown(t);
  await copyTo(w, 'copy');
  for (const size of [4, 5, 7, 8, 11]) {
    const live = await see(w, '--at', String(size));
    const copied = await see(w, '--at', String(size), '--log', 'copy');
    const plain = ({ json }: Told): unknown => json.subjects[0].claims[0].verdict;
    t.equal(plain(copied), plain(live), `at ${size}`);
    t.equal(copied.json.at.root, live.json.at.root);
    t.equal(copied.json.at.rests_on, size < 10 ? 'witnessed' : 'head');
  }
  const between = await see(w, '--at', formatTime((w.times[3] ?? 0) + 30));
  t.match(between.json.at, { size: 4, rests_on: 'log', witnessed: 3 });
  const copied = await see(w, '--at', formatTime((w.times[3] ?? 0) + 30), '--log', 'copy');
  t.match(
    copied.json.at,
    { size: 3, rests_on: 'witnessed', witnessed: 3 },
    'what a quorum had cosigned by then',
  );
  t.match(await see(w, '--at', formatTime(w.times[0] ?? 0), '--log', 'copy'), {
    code: 2,
    err: /nobody says how many/,
  });
});

t.test('a log whose times contradict its witnesses', async (t) => {
  const w = await grown(t);
  const at = formatTime((w.times[3] ?? 0) + 30);
  const honest = [...w.times];
  // What was said after the first witnessed head is said to be a day older; and then, to be a day younger.
  for (let i = 6; i < w.times.length; i++) w.times[i] = (honest[i] ?? 0) - 86_400;
  const older = await see(w, '--at', '8');
  t.match(older.json.at, { contradicted: true, rests_on: 'witnessed' });
  t.ok(older.json.at.time >= (honest[3] ?? 0));
  w.times.splice(0, Infinity, ...honest.map((each, i) => (i < 3 ? each + 86_400 : each)));
  t.match((await see(w, '--at', '2')).json.at, { contradicted: true, time: honest[3] });
  w.times.splice(0, Infinity, ...honest.map((each) => each + 86_400));
  w.now += 2 * 86_400;
  t.match((await see(w, '--at', at)).json.at, { size: 3, contradicted: true, rests_on: 'witnessed' });
});

t.test('a copy that is older than what was seen', async (t) => {
  const w = await grown(t);
  const size = w.log.entries.length;
  await copyTo(w, 'copy', size - 2);
  t.equal((await see(w)).json.size, size);
  const older = await see(w, '--log', 'copy');
  t.match(older, { json: { size: size - 2 }, err: /was seen before, and this copy ends at/ });
  t.equal((await see(w)).code, 0, 'and the log goes on');
  // The log itself may not go back: it has a search.
  w.log.shown = size - 2;
  w.log.entries.splice(size - 2);
  t.match(await see(w), { code: 4, err: /went back/ });
});

t.test('what is wrong with a copy', async (t) => {
  const w = await grown(t);
  await copyTo(w, 'copy');
  const file = join(w.dir, 'copy/tile/entries/000.p', String(w.log.entries.length));
  const good = readFileSync(file);
  writeFileSync(file, good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1));
  t.match(await see(w, '--log', 'copy'), { code: 3, err: /proof-failed/ });
  writeFileSync(file, good.subarray(0, good.length - 5));
  t.match(await see(w, '--log', 'copy'), { code: 3, err: /cut short/ });
  writeFileSync(file, good);
  t.match(await see(w, '--log', 'nowhere'), { code: 78, err: /no-such-log/ });
  t.match(await see(w, '--log', 'keys'), { code: 78, err: /holds no signed checkpoint/ });
  t.match(await see(w, '--log', 'ftp://x'), { code: 78, err: /expected an http/ });
  t.match(
    await w.tally(
      'waive',
      SUBJECT,
      'tls-min',
      '--until',
      '2027-01-16',
      '--reason',
      'x',
      '--owner',
      'y',
      ...w.policy,
      '--log',
      'copy',
    ),
    { code: 2, err: /takes nothing|405/ },
  );
  t.equal((await see(w, '--log', 'copy')).code, 0);
});

t.test('links lead nowhere outside, and a pipe is no file', async (t) => {
  const w = await grown(t);
  await copyTo(w, 'copy');
  const folder = join(w.dir, 'copy');
  const url = pathToFileURL(folder).href;
  const ask = async (path: string, init?: RequestInit): Promise<number> =>
    (await folderFetch(url)(`${url}/${path}`, init)).status;
  t.equal(await ask('checkpoint'), 200);
  t.equal(await ask('checkpoint', { method: 'POST' }), 405);
  for (const path of [
    '',
    '../log.vkey',
    '%2e%2e/log.vkey',
    'v1/search',
    'tile/0/../../../log.vkey',
    'tile/0',
    'tile',
  ])
    t.equal(await ask(path), 404, path);
  mkdirSync(join(folder, 'inside'));
  cpSync(join(folder, 'checkpoint'), join(folder, 'inside/note'));
  rmSync(join(folder, 'checkpoint'));
  symlinkSync('inside/note', join(folder, 'checkpoint'));
  t.equal(await ask('checkpoint'), 200, 'a link within is followed');
  rmSync(join(folder, 'checkpoint'));
  symlinkSync(join(w.dir, 'log.vkey'), join(folder, 'checkpoint'));
  t.equal(await ask('checkpoint'), 404, 'a link out is not');
  rmSync(join(folder, 'checkpoint'));
  execFileSync('mkfifo', [join(folder, 'checkpoint')]);
  t.equal(await ask('checkpoint'), 404);
  rmSync(join(folder, 'tile'), { recursive: true });
  symlinkSync(join(w.dir, 'keys'), join(folder, 'tile'));
  t.equal(await ask('tile/0/000'), 404);
});
