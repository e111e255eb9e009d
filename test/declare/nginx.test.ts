/** The source `nginx`: tokens, blocks, includes and dumps, secrets, and the real nginx beside it. */
import fc from 'fast-check';
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { saltingBy } from '#src/declare/node/salts.ts';
import { readSource } from '#src/declare/read.ts';
import { Lexer, spelt } from '#src/declare/sources/nginx/lex.ts';
import { declareNginx, NGINX_SOURCE } from '#src/declare/sources/nginx/nginx.ts';
import type { SourceText } from '#src/declare/sources/source.ts';
import { lexed, NginxOracle } from '../support/nginx-oracle.ts';

const files = (...all: readonly (readonly [string, string])[]): SourceText[] =>
  all.map(([name, text]) => ({ name, text }));

function leavesOf(texts: readonly SourceText[], whole: readonly string[] = []): Map<string, unknown> {
  return new Map(declareNginx(texts, whole).leaves.map(({ path, value }) => [path, decodeCbor(value)]));
}

/** Leaves of a text that are texts, or why it is refused. */
function read(text: string): Record<string, unknown> | string {
  try {
    return Object.fromEntries(
      [...leavesOf(files(['-', text]))].filter(([, value]) => typeof value === 'string'),
    );
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const SHOP = `http {
  server { listen 443 ssl; server_name shop.example www.shop.example; ssl_protocols TLSv1.2  TLSv1.3;
    location ~ \\.php$ { add_header X-A "a b"; add_header X-B 'c'; if ( $host = a.example ) { return 301 https://b; } } }
  server { listen 127.0.0.1:80; server_name shop.example; } server { } server { listen 80; }
  upstream u { server 10.0.0.1:80 weight=2; server unix:/a; ip_hash; } types { text/html html htm; } }`;

t.test('directives are leaves below their blocks', async (t) => {
  t.strictSame(read(SHOP), {
    '/http/server[shop.example:443]/listen[443]': 'ssl',
    '/http/server[shop.example:443]/server_name': 'shop.example www.shop.example',
    '/http/server[shop.example:443]/ssl_protocols': 'TLSv1.2 TLSv1.3',
    '/http/server[shop.example:443]/location[~0 \\.php$]/add_header[X-A]': '"a b"',
    '/http/server[shop.example:443]/location[~0 \\.php$]/add_header[X-B]': 'c',
    '/http/server[shop.example:443]/location[~0 \\.php$]/if/()': '$host = a.example',
    '/http/server[shop.example:443]/location[~0 \\.php$]/if/{}/return': '301 https://b',
    '/http/server[shop.example:80]/listen[127.0.0.1:80]': '',
    '/http/server[shop.example:80]/server_name': 'shop.example',
    '/http/server[:80] #2/listen[80]': '',
    '/http/upstream[u]/server[10.0.0.1:80]': 'weight=2',
    '/http/upstream[u]/server[unix:~1a]': '',
    '/http/upstream[u]/ip_hash': '',
    '/http/types/text~1html': 'html htm',
  });
  const leaves = leavesOf(files(['-', SHOP]));
  t.strictSame(
    leaves.get('/http'),
    new Map([
      [
        'list',
        [
          'server[shop.example:443]',
          'server[shop.example:80]',
          'server[:80]',
          'server[:80] #2',
          'upstream[u]',
          'types',
        ],
      ],
    ]),
  );
  t.strictSame(leaves.get('/http/server[:80]'), new Map(), 'an empty block');
});

t.test('two spellings are one leaf, and two words never are', async (t) => {
  const same: readonly (readonly [string, string])[] = [
    ['a b c;', 'a\n\t"b" # x ;\n \'c\' ;'],
    ['a "b c";', "a 'b c';"],
    ['a \\.php;', 'a "\\.php";'],
    ['a "x\\"y";', "a 'x\"y';"],
    ['a "${x}y";', 'a ${x}y;'],
    ['if ($a) { b; }', 'if ( $a ) {b;}'],
  ];
  for (const [one, other] of same) t.strictSame(read(one), read(other), other);
  const other: readonly (readonly [string, string])[] = [
    ['a "b c";', 'a b c;'],
    ['a "";', 'a;'],
    ['a "b" c;', 'a "b c";'],
    ['a "\\n";', 'a n;'],
  ];
  for (const [one, another] of other) t.notSame(read(one), read(another), another);
  const order = (text: string): unknown => leavesOf(files(['-', text]));
  t.notSame(order('allow a; deny all;'), order('deny all; allow a;'), 'order is declared');
  t.strictSame(lexed(`${spelt(['\\${'])};`), [['\\${', ';']], 'a backslash takes the dollar away');
  const word = fc.string({ unit: fc.constantFrom(...'ab \t\n;{}"\'\\$#()nrt'.split('')) });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      t.strictSame(lexed(`${spelt(words)};`), [[...words, ';']]);
    }),
    { numRuns: 500 },
  );
});

t.test('what is refused, with its line', async (t) => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['a b\n', /^line 2: the file ends, and ; or } is missing/],
    ['a {\n b;\n', /line 3: the file ends, and } is missing/],
    ['a;\n}\n', /line 2: "}" closes no block/],
    [';', /line 1: ";" is not expected/],
    ['a }', /line 1: "}" is not expected/],
    ['a "b"c;', /line 1: "c" is not expected/],
    ['\na "b;\n', /line 3: the quote " of line 2 is not closed/],
    [`a ${'x'.repeat(4096)};`, /4096 bytes or more/],
    [`#${'x'.repeat(4095)}\na;`, /a comment of 4096 bytes/],
    ['a { '.repeat(40), /more than 32 deep/],
    ['include a b;', /include takes one name/],
    ['include mime.types;', /it includes \/etc\/nginx\/mime\.types, and that file was not given/],
    ['http { include conf.d/*.conf; }', /no file was given that it matches/],
    ['x_by_lua_block { "', /line 1: the block of Lua that begins in line 1 does not end/],
    ['map $a $b {\n "a\nb" c;\n}', /a control character/],
    ['', /.*/],
  ];
  for (const [text, why] of refused.slice(0, -1)) t.match(read(text), why, text.slice(0, 60));
});

t.test('blocks of Lua end at their brace', async (t) => {
  const lua = 'local t = {"}", \'}\', [[ } ]], [==[ ]] } ]==]} -- }\n--[[ } ]] ngx.say("\\"}")';
  t.strictSame(read(`location /a { content_by_lua_block {\n${lua}\n} b; }`), {
    '/location[~1a]/content_by_lua_block': lua,
    '/location[~1a]/b': '',
  });
  t.strictSame(read('set_by_lua_block $x { return 1 } a;'), {
    '/set_by_lua_block[$x]': 'return 1',
    '/a': '',
  });
});

const MAIN = 'events {}\nhttp {\n  include mime.types;\n  include /etc/nginx/conf.d/*.conf;\n}\n';
const GIVEN = files(
  ['/etc/nginx/nginx.conf', MAIN],
  ['/etc/nginx/mime.types', 'types { text/html html; }\n'],
  ['/etc/nginx/conf.d/b.conf', 'gzip on;\n'],
  ['/etc/nginx/conf.d/a.conf', 'server { listen 80; }\n'],
);

t.test('included files are read where they are included', async (t) => {
  const leaves = leavesOf(GIVEN);
  t.strictSame(leaves.get('/http'), new Map([['list', ['types', 'server[:80]', 'gzip']]]), 'by their names');
  t.throws(
    () => declareNginx(files(['/etc/nginx/nginx.conf', 'a;\ninclude b;'], ['/etc/nginx/b', 'c;\n}']), []),
    /^\/etc\/nginx\/b line 2: "}" closes no block of this file/,
  );
  const loop = files(['/etc/nginx/nginx.conf', 'include nginx.conf;']);
  t.throws(() => declareNginx(loop), /more than 32 deep/);
  const wide = files(
    ['/etc/nginx/nginx.conf', 'include a;'.repeat(500)],
    ['/etc/nginx/a', 'include b;'.repeat(500)],
    ['/etc/nginx/b', 'x;'],
  );
  t.throws(() => declareNginx(wide), { code: 'too-large' });
});

const dumpOf = (given: readonly SourceText[]): string =>
  given.map(({ name, text }) => `# configuration file ${name}:\n${text}\n`).join('');

t.test('a dump is its files; what nothing includes is refused', async (t) => {
  // nginx writes a file where it opens it: a.conf before b.conf.
  const dump = dumpOf([...GIVEN.slice(0, 2), ...GIVEN.slice(2).toReversed()]);
  t.strictSame(leavesOf(files(['-', dump])), leavesOf(GIVEN));
  t.strictSame(
    leavesOf(files(['-', `nginx: the configuration file x syntax is ok\n${dump}`])),
    leavesOf(GIVEN),
  );
  const hidden = dumpOf(files(['/etc/nginx/nginx.conf', 'a;\n# configuration file /x:\nb;']));
  t.throws(() => declareNginx(files(['-', hidden])), /\/x is in the dump, and nothing includes it/);
  t.throws(() => declareNginx(files(['-', dump + dump])), /has \/etc\/nginx\/nginx\.conf twice/);
});

t.test('secrets in it are found', async (t) => {
  const reading = {
    source: NGINX_SOURCE,
    literal: false,
    ignore: [],
    sensitive: new Set<string>(),
    notSecret: new Set<string>(),
    salting: saltingBy(new Uint8Array(32)),
  };
  const found = (text: string): readonly (readonly [string, boolean])[] => {
    const { leaves, unmarked } = readSource([{ name: '-', text }], reading);
    const paths = new Set(unmarked.map(({ path }) => path));
    return leaves
      .filter(({ path, sensitive }) => sensitive || paths.has(path))
      .map(({ path, sensitive }) => [path, sensitive]);
  };
  const secret = 'hunter2-hunter2';
  for (const [text, path, sensitive] of [
    [
      `proxy_set_header Authorization "Basic ${Buffer.from(`a:${secret}`).toString('base64')}";`,
      '/proxy_set_header[Authorization]',
      false,
    ],
    [`set $db_password ${secret};`, '/set[$db_password]', false],
    [`fastcgi_param DB_PASSWORD "${secret}";`, '/fastcgi_param[DB_PASSWORD]', false],
    [`proxy_pass http://a:${secret}@b/;`, '/proxy_pass', false],
    [`env AWS_SECRET_ACCESS_KEY=${secret};`, '/env', false],
    [`secure_link_md5 "$uri ${secret}";`, '/secure_link_md5', true],
    [`if ($http_x_api_key != "${secret}") { return 403; }`, '/if/()', true],
    [
      `map $http_authorization $ok { default 0; "Bearer ${secret}" 1; }`,
      '/map[$http_authorization $ok]/#2',
      true,
    ],
  ] as const)
    t.strictSame(found(text), [[path, sensitive]], text);
  for (const text of [
    'ssl_certificate_key /etc/ssl/private/key.pem; ssl_password_file /etc/keys/pass;',
    'proxy_set_header Authorization $http_authorization; auth_basic "Members only"; auth_basic_user_file .htpasswd;',
    'if ($cookie_a = "") { return 403; } map $uri $x { "/key" 1; }',
    'fastcgi_pass 127.0.0.1:9000; proxy_pass http://app-2; add_header Access-Control-Allow-Credentials "true" always;',
    'limit_req_zone $binary_remote_addr zone=login:10m rate=1r/s; ssl_session_tickets off;',
  ])
    t.strictSame(found(text), [], text);
});

const oracle = new NginxOracle();
t.teardown(() => oracle.end());
const skip = oracle.works ? false : 'nginx is not here (Debian: nginx-light)';

t.test('the dump of the real nginx has the leaves of the files', { skip }, async (t) => {
  const at = oracle.dir;
  const texts = {
    'nginx.conf': `events {}\nhttp { include m.types; include ${at}/d/*.conf; log_format a '$uri "\\t' "#";\n}\n`,
    'm.types': 'types { text/html html; }',
    'd/2.conf': 'server { listen unix:/tmp/a; location / { return 200 "a;{}"; } } # last',
    'd/1.conf': 'map $uri $m { ~^/a"b 1; }\n',
  };
  const { code, out, err } = oracle.test(texts, true);
  t.equal(code, 0, err);
  const given = Object.entries(texts).map(([name, text]) => ({ name: `${at}/${name}`, text }));
  t.strictSame(leavesOf([{ name: '-', text: out }]), leavesOf(given, [at]));
});

t.test('words are those of the real nginx', { skip }, async (t) => {
  const part = fc.constantFrom(
    'a',
    'é',
    '\\n',
    '\\"',
    '\\\\',
    '\\.',
    '$x',
    '${x}',
    '#',
    '(',
    '}',
    "'",
    '"',
    ' ',
    '{',
  );
  const quoted = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(quoted, { minLength: 1, maxLength: 3 }), (all) => {
      // nginx names a directive that it does not know.
      const text = all.join(' ');
      const { err } = oracle.test({ 'nginx.conf': `${text};\n` });
      const here = lexed(`${text};\n`);
      const first = new RegExp('unknown directive "([^]*)" in [^ ]+:\\d+\n').exec(err)?.[1];
      if (first === undefined)
        return t.ok(
          typeof here === 'number' || here.length !== 1 || here[0]?.at(-1) !== ';',
          `${text}: ${err}`,
        );
      return t.equal(new Lexer(`${text};\n`, '').next().words[0], first, text);
    }),
    { numRuns: 60, seed: 7 },
  );
});
