/** Claims files that name declared leaves: what is resolved, what is refused and what to write, and what people are told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { openClient } from '#src/client/client.ts';
import { trustKeys } from '#src/client/trust.ts';
import { commit, declareSource, requestOf, saltingBy, type CommitRemark } from '#src/commit/index.ts';
import { parseClaims } from '#src/declare/claims.ts';
import { changesOf, claimText, factsOf } from '#src/declare/facts.ts';
import { leafTree } from '#src/declare/leafopening.ts';
import type { DeclaredTree } from '#src/declare/node/declared.ts';
import { readSource } from '#src/declare/read.ts';
import { JSON_SOURCE } from '#src/declare/sources/json.ts';
import { parseVkey } from '#src/note/key.ts';
import { isWithdrawal, type Declaration } from '#src/statement/commitment.ts';
import { encodeCommitment } from '#src/statement/payload.ts';
import { signOwn } from '#src/statement/sign.ts';
import { parseStatement, type ParsedStatement } from '#src/statement/parse.ts';
import type { SaltedTree } from '#src/statement/saltedleaf.ts';
import { decodedRows } from '#src/words/decoded.ts';
import { declaring } from '../support/declarer.ts';
import { FORGED, forgedPayload } from '../support/forged-openings.ts';
import { keyIn } from '../support/running-log.ts';
import { BASE, ServedLog } from '../support/served-log.ts';
import { people, vkeys } from '../support/world.ts';

const SECRET = new Uint8Array(32).fill(9);
const SOURCE = {
  tls: { versions: ['TLSv1.2', 'TLSv1.3'], port: 443, host: 'shop.example', strict: true },
  server: { 'shop.example:443': { ssl_protocols: 'TLSv1.3' } },
  password: 'a-secret-that-nobody-sees',
  ratio: 1.5,
  nothing: [],
  mixed: ['a', 1],
  nobody: null,
};

function reading(source: object) {
  const how = {
    source: JSON_SOURCE,
    literal: false,
    ignore: [],
    sensitive: new Set('password' in source ? ['/password'] : []),
    notSecret: new Set<string>(),
    salting: saltingBy(SECRET),
  };
  return { how, text: JSON.stringify(source) };
}

function treeOf(source: object = SOURCE): SaltedTree {
  const { how, text } = reading(source);
  return leafTree(readSource([{ name: '', text }], how));
}

const claims = (params: string, more = ''): string => `
target: { locators: ['shop.example:443'] }
claims:
  - { id: versions, probe: tls@1, expr: 'o.tls.accepted.all(v, v in p.versions)', params: ${params}${more} }
`;

t.test('a path becomes the value of its leaf, and the leaves that are read become public', async (t) => {
  const tree = treeOf();
  const file = parseClaims(
    claims('{ versions: { declared: /tls/versions }, servername: { declared: /tls/host } }'),
    {
      tree,
    },
  );
  const [claim] = file.claims;
  t.strictSame(
    [...(claim?.params ?? [])],
    [
      ['versions', ['TLSv1.2', 'TLSv1.3']],
      ['servername', 'shop.example'],
    ],
  );
  t.strictSame(
    [...(claim?.declared ?? [])],
    [
      ['versions', '/tls/versions'],
      ['servername', '/tls/host'],
    ],
  );
  t.strictSame(
    file.openings?.map(({ path }) => path),
    ['/tls/host', '/tls/versions', '/tls/versions/0', '/tls/versions/1'],
    'in the order of the tree, and no other leaf',
  );
  t.equal(
    parseClaims(claims('{ versions: [TLSv1.3] }'), { tree }).openings,
    undefined,
    'a constant opens nothing',
  );
});

t.test('a pack about another claim takes constants, and says so', async (t) => {
  const tree = treeOf();
  const text = (days: string): string =>
    `claims:\n  - { id: a, probe: tls@1, expr: o.tls.host != '' }\n  - { pack: no-enforcement-gap, of: a, params: { days: ${days} } }\n`;
  const message =
    /claims\[1\]\.params\.days: is a constant in the pack no-enforcement-gap: write the value itself/;
  t.throws(() => parseClaims(text('{ declared: /tls/port }'), { tree }), {
    code: 'malformed-payload',
    message,
  });
  t.throws(() => parseClaims(text('{ declared: /not/there }'), { tree }), {
    code: 'malformed-payload',
    message,
  });
  t.equal(parseClaims(text('30'), { tree }).claims.length, 2);
});

t.test('what cannot be named is refused, and the refusal says what to write', async (t) => {
  const refused: readonly (readonly [params: string, says: RegExp])[] = [
    [
      '{ versions: { declared: /tls/version } }',
      /params\.versions: nothing is declared at \/tls\/version; did you mean \/tls\/versions/,
    ],
    ['{ versions: { declared: /TLS/Versions } }', /did you mean \/tls\/versions\?/],
    [
      '{ versions: { declared: /ssl_protocols } }',
      /did you mean \/server\/shop\.example:443\/ssl_protocols\?/,
    ],
    [
      '{ versions: { declared: /tls } }',
      /\/tls is no leaf, and leaves lie below it: name one, such as \/tls\/host, \/tls\/port, /,
    ],
    ['{ versions: { declared: tls } }', /nothing is declared at tls/],
    ['{ versions: { declared: /nothing/like/it } }', /nothing is declared at .*; list what there is/],
    ['{ versions: { declared: /password } }', /the leaf \/password is sensitive/],
    ['{ versions: { declared: /ratio } }', /the leaf \/ratio is no value that a parameter can have/],
    ['{ versions: { declared: /nothing } }', /\/nothing is an empty list/],
    ['{ versions: { declared: /mixed } }', /\/mixed is a list whose item 1 is no text/],
    ['{ versions: { declared: /nobody } }', /\/nobody is null/],
    ['{ versions: { declared: 7 } }', /params\.versions\.declared: takes a text/],
    [
      '{ versions: { declared: /tls/port, or: 1 } }',
      /params\.versions\.or: is nothing that can be said here/,
    ],
    ['{ versions: { path: /tls/port } }', /params\.versions\.declared: is missing/],
    ['{ versions: null }', /or the value of a declared leaf: \{ declared: \/path \}/],
  ];
  for (const [params, message] of refused)
    t.throws(
      () => parseClaims(claims(params), { tree: treeOf() }),
      { code: 'malformed-payload', message },
      params,
    );
  t.throws(() => parseClaims(claims('{ versions: { declared: /tls/versions } }')), {
    message: /nothing is declared here/,
  });
  const many = treeOf({
    list: Array.from({ length: 65 }, (_, i) => `v${i}`),
    texts: Array.from({ length: 64 }, (_, i) => `v${i}`),
  });
  t.throws(() => parseClaims(claims('{ versions: { declared: /list } }'), { tree: many }), {
    message: /a list of 65 items, and a parameter has 1 to 64/,
  });
  t.throws(() => parseClaims(claims('{ versions: { declared: /texts } }'), { tree: many }), {
    message: /name 65 declared leaves/,
  });
});

t.test(
  'a pack takes declared leaves, each of its claims reads them, and days of a gap are constants',
  async (t) => {
    const tree = treeOf({ host: 'shop.example', days: 30 });
    const pack = (params: string): string => `claims: [{ pack: https-tls, params: ${params} }]`;
    const { claims: made } = parseClaims(
      pack('{ days: { declared: /days }, servername: { declared: /host } }'),
      { tree },
    );
    t.ok(made.length > 1);
    for (const { params, declared } of made) {
      t.equal(params?.get('days'), 30);
      t.equal(declared?.get('days'), '/days');
    }
    t.throws(() => parseClaims(pack('{ days: { declared: /day } }'), { tree }), {
      message: /did you mean \/days/,
    });
    const gap = `${claims('{ versions: [TLSv1.3] }')}  - { pack: no-enforcement-gap, of: versions, params: { days: { declared: /days } } }`;
    t.throws(() => parseClaims(gap, { tree }), { message: /days: is a constant/ });
    const both = parseClaims(
      `${claims('{ versions: { declared: /host } }')}  - { pack: no-enforcement-gap, of: versions, params: { days: 30 } }`,
      { tree },
    );
    t.strictSame(
      both.claims[1]?.declared,
      both.claims[0]?.declared,
      'the claim about the gap reads what the other reads',
    );
  },
);

async function world(t: Test) {
  const cwd = mkdtempSync(join(tmpdir(), 'tallystick-named-'));
  t.teardown(() => rmSync(cwd, { recursive: true }));
  const log = await ServedLog.start();
  const client = openClient({
    log: BASE,
    trust: trustKeys(vkeys.map(parseVkey)),
    fetch: log.fetch,
    now: () => log.clock() * 1000,
    patienceMs: 0,
  });
  const remarks: CommitRemark[] = [];
  const options = {
    signer: people.author,
    folder: join(cwd, 'proof'),
    onRemark: (remark: CommitRemark) => void remarks.push(remark),
  };
  const source = (contents: object): Promise<DeclaredTree> => {
    const { how, text } = reading(contents);
    writeFileSync(join(cwd, 'a.json'), text);
    return declareSource({
      cwd,
      stdin: Readable.from([]),
      subject: 'web/shop',
      operands: ['a.json'],
      recursive: false,
      reading: how,
    });
  };
  return { log, client, remarks, options, source };
}

function declarationIn(parsed: ParsedStatement): Declaration {
  if (parsed.kind !== 'commitment' || isWithdrawal(parsed.commitment)) throw new Error('no declaration');
  return parsed.commitment;
}

const FILE = claims('{ versions: { declared: /tls/versions }, servername: { declared: /tls/host } }');

t.test('commit says what becomes public, and readers read it at its path', async (t) => {
  const { log, client, remarks, options, source } = await world(t);
  const contents = await source(SOURCE);
  await commit(client, requestOf(contents, parseClaims(FILE, { tree: contents.tree })), options);
  t.strictSame(
    remarks.map(({ level, text }) => [level, text]),
    [
      [
        'note',
        'claims name 4 of 14 declared leaves; of the others a green gate says nothing, unless a claim compares with all',
      ],
      [
        'warning',
        '4 leaves become public with this commitment, since claims read them: /tls/versions = ["TLSv1.2", "TLSv1.3"]; /tls/host = shop.example',
      ],
    ],
  );
  const parsed = parseStatement(log.entries.at(-1) ?? new Uint8Array());
  const rows = decodedRows((_style, text) => text, parsed);
  t.strictSame(
    rows.filter(([, text]) => text.startsWith('declared at')),
    [
      ['public', 'declared at /tls/versions = ["TLSv1.2", "TLSv1.3"], read by p.versions of versions'],
      ['', 'declared at /tls/host = shop.example, read by p.servername of versions'],
    ],
  );
  const facts = factsOf(declarationIn(parsed));
  t.equal(facts.get('claims.versions.declared.versions at /tls/versions'), '["TLSv1.2", "TLSv1.3"]');
  t.notOk([...facts.keys()].some((name) => name.startsWith('openings') || name.includes('.params.')));
  t.match(claimText(declarationIn(parsed), 'versions'), /declared\.versions at \/tls\/versions=\["TLSv1\.2"/);
  const again = await commit(
    client,
    requestOf(contents, parseClaims(FILE, { tree: contents.tree })),
    options,
  );
  t.ok(again.already, 'the same again is nothing new');
});

t.test('another value at the path is another claim, and approvers see which', async (t) => {
  const { log, client, options, source } = await world(t);
  for (const versions of [['TLSv1.3'], ['TLSv1.2', 'TLSv1.3']]) {
    const contents = await source({ ...SOURCE, tls: { ...SOURCE.tls, versions } });
    await commit(client, requestOf(contents, parseClaims(FILE, { tree: contents.tree })), options);
  }
  const [before, after] = log.entries.slice(-2).map((bytes) => factsOf(declarationIn(parseStatement(bytes))));
  t.match(
    changesOf(before ?? new Map(), after ?? new Map()).filter(({ name }) => name.startsWith('claims')),
    [
      {
        name: 'claims.versions.declared.versions at /tls/versions',
        before: '["TLSv1.3"]',
        after: '["TLSv1.2", "TLSv1.3"]',
      },
    ],
  );
  const text = FILE.replace('{ declared: /tls/host }', 'shop.example');
  const contents = await source(SOURCE);
  const constant = requestOf(contents, parseClaims(text, { tree: contents.tree })).declaration;
  t.equal(
    factsOf(constant).get('claims.versions.params.servername'),
    'shop.example',
    'a constant is told from a leaf',
  );
  encodeCommitment(constant);
});

t.test('a parameter of another type, or of another order, is another fact', async (t) => {
  const before = { v: '5', list: ['a', 'b'], flag: 'true', joined: ['a, b'] };
  const after = { v: 5, list: ['b', 'a'], flag: true, joined: ['a', 'b'] };
  const { source } = await world(t);
  const contents = await source(SOURCE);
  const { declaration } = requestOf(contents, parseClaims(FILE, { tree: contents.tree }));
  const facts = (params: object) => {
    const text = `claims: [{ id: x, probe: tls@1, expr: 'o.tls.port != 0', params: ${JSON.stringify(params)} }]`;
    return factsOf({ ...declaration, claims: parseClaims(text).claims });
  };
  const named = (name: string) => `claims.x.params.${name}`;
  t.strictSame(
    changesOf(facts(before), facts(after)),
    [
      { name: named('flag'), before: '"true"', after: 'true' },
      { name: named('joined'), before: '["a, b"]', after: '["a", "b"]' },
      { name: named('list'), before: '["a", "b"]', after: '["b", "a"]' },
      { name: named('v'), before: '"5"', after: '5' },
    ],
    'who approves sees each of them',
  );
});

t.test('a claim is not lost with the leaf that it reads', async (t) => {
  const { client, options, source, log } = await world(t);
  const file = 'claims: [{ pack: sshd-as-declared }]';
  const sent = async (settings: object, text = file): Promise<unknown> => {
    const contents = await source(settings);
    return commit(client, requestOf(contents, parseClaims(text, { tree: contents.tree })), options);
  };
  await sent({ Ciphers: 'aes256-ctr', MACs: 'hmac-sha2-256' });
  const size = log.entries.length;
  await t.rejects(sent({ MACs: 'hmac-sha2-256' }), {
    code: 'usage',
    message: /replaced without 1 claim \(.*\).*declare it again/,
  });
  t.equal(log.entries.length, size);
  t.match(await sent({ Ciphers: 'aes128-ctr', MACs: 'hmac-sha2-256' }), {
    read: [{ path: '/Ciphers' }, { path: '/MACs' }],
    undeclared: ['/KexAlgorithms', '/HostKeyAlgorithms'],
  });
});

t.test('a log refuses every forged opening, and has nothing of it', async (t) => {
  const { log, data, app } = await declaring(t, 'log.example/named');
  const { size } = log.reader.head();
  const signer = keyIn(join(data, 'keys', 'author.pem'));
  const headers = {
    kind: 'commitment',
    log: 'log.example/named',
    issuer: 'https://forger.example',
    subject: 'web/shop',
  } as const;
  for (const [name, [change]] of Object.entries(FORGED)) {
    const payload = Buffer.from(await signOwn(headers, forgedPayload(change), signer));
    const { statusCode, body } = await app.inject({
      method: 'POST',
      url: '/entries',
      headers: { 'content-type': 'application/cose', accept: 'application/problem+json' },
      payload,
    });
    t.equal(statusCode, 400, name);
    t.match(body, /malformed-payload/);
  }
  t.equal(log.reader.head().size, size);
});
