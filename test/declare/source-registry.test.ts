/** Kinds of source, and how their leaves are salted: what a browser and Node do alike. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { saltingBy } from '#src/declare/node/salts.ts';
import { readSource } from '#src/declare/read.ts';
import { portableHmac } from '#src/declare/salting.ts';
import { helmTexts } from '#src/declare/sources/helm/helm.ts';
import type { SourceText } from '#src/declare/sources/source.ts';
import { SOURCES } from '#src/declare/sources/registry.ts';

const TEXTS: Readonly<Record<string, string>> = {
  terraform: JSON.stringify({
    format_version: '1.2',
    terraform_version: '1.11.4',
    resource_changes: [
      {
        address: 'a.b',
        mode: 'managed',
        type: 'a',
        name: 'b',
        change: { actions: ['create'], before: null, after: { size: 1 }, after_unknown: {} },
      },
    ],
  }),
  kubernetes: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { size: "1" }\n',
  json: '{"size":1}',
  yaml: 'size: 1\n',
  env: 'SIZE=1\n',
  matrix: 'from,door,at\napp,db,db.example:5432\n',
  sshd: 'Port 22\n',
  nginx: 'events {}\n',
  ini: '[a]\nsize = 1\n',
  postgresql: 'work_mem = 1MB\n',
  packages: 'a.example/m v1.0.0 h1:JgcPM1rzpSOZS8y69FQvnY0xN0ciHlpQqwTXJcuZIA4=\n',
};
/** Kinds that are read from several texts. */
const MORE: Readonly<Record<string, readonly SourceText[]>> = {
  ansible: [{ name: 'hosts', text: 'web1 ansible_port=22\n' }],
  helm: helmTexts(
    { helm: { version: 'v3.19.5' } },
    Array.from({ length: 2 }, () => 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n') as [
      string,
      string,
    ],
    [],
  ),
};
const SECRET = new Uint8Array(32).fill(7);

t.test('every kind reads a text of its own, by either HMAC alike', async (t) => {
  for (const source of SOURCES) {
    const text = TEXTS[source.kind];
    const texts = MORE[source.kind] ?? (text === undefined ? [] : [{ name: '-', text }]);
    if (texts.length === 0) throw new Error(`a text of the kind ${source.kind} is missing here`);
    const reading = {
      source,
      literal: false,
      ignore: [],
      sensitive: new Set<string>(),
      notSecret: new Set<string>(),
    };
    const [here, there] = [saltingBy(SECRET), { secret: SECRET, hmac: portableHmac }].map((salting) =>
      readSource(texts, { ...reading, salting }),
    );
    t.same(here, there, source.kind);
    t.equal(here?.source.kind.startsWith(source.kind), true, 'the commitment says which kind it was');
    t.ok((here?.leaves.length ?? 0) > 0);
  }
  const kinds = ['files', ...SOURCES.map(({ kind }) => kind)];
  t.same(kinds, [...new Set(kinds)], 'no kind twice, and none is called as files are');
});

t.test('the portable HMAC is the one of RFC 2104', async (t) => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, fc.array(bytes, { maxLength: 4 }), (key, parts) => {
      const want = createHmac('sha256', key);
      for (const part of parts) want.update(part);
      t.ok(want.digest().equals(portableHmac(key, ...parts)));
    }),
    { numRuns: 50 },
  );
});
