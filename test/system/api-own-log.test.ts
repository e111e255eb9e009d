/** `api@1` on our own log: the running service against the OpenAPI document that it serves, committed as any contract is. */
import t from 'tap';
import { parseJson } from '#src/bytes/json.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { declareJson } from '#src/declare/json.ts';
import { packOf } from '#src/declare/packs.ts';
import { apiProbe } from '#src/probe/api/probe.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { textAt } from '#src/probe/tree.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { beginLog, serveLog } from '../support/running-log.ts';
import { runShaped } from '../support/shaped.ts';

const verdict = (seen: Observed): string | undefined => {
  const [claim] = packOf('api-as-described', new Map(), 'background');
  return claim && judgeClaim(claim, seen).verdict;
};

t.test('our log answers as it describes itself', async (t) => {
  const { log, say } = await beginLog(t, 'log.example');
  const url = await serveLog(t, log);
  await say('one');
  const text = await (await fetch(`${url}/openapi.json`)).text();
  const entry = parseJson(await (await fetch(`${url}/v1/entries/1`)).text(), { most: 20, advice: '' });
  const id = textAt(entry, 'id') ?? '';
  const values = [
    ...['', '/entry', '/statement', '/proof'].map((part) => `GET /entries/{id}${part} id=${id}`),
    'GET /v1/entries/{key} key=1',
    'GET /v1/entries start=0',
    'GET /v1/entries end=1',
    'GET /v1/inclusion index=1',
    'GET /v1/consistency from=1',
    'GET /v1/subjects/{subject}/history subject=a/b',
  ];
  const look = (contract: string): Promise<Observed> =>
    runShaped(apiProbe, {
      target: url,
      params: new Map<string, Parameter>([
        ['requests', 200],
        ['values', values],
      ]),
      challenge: new Uint8Array(32),
      declared: new Map(declareJson(contract).leaves.map(({ path, value }) => [path, declaredValue(value)])),
      secret: () => Promise.resolve(undefined),
      spent: () => undefined,
      signal: new AbortController().signal,
      now: Date.now,
    });
  const seen = await look(text);
  t.equal(verdict(seen), 'PROVEN');
  t.match(seen.value, { operations: { tried: 18, shown: 18, total: 22 }, whole: false, erring: [] });
  t.match(seen.population, { total: 22, sampled: 18, method: 'readable' });
  // The same service against contracts that it does not keep.
  t.ok(text.includes('"origin":{"type":"string"'), 'a member of /v1/log');
  const other = await look(text.replaceAll('"origin":{"type":"string"', '"origin":{"type":"boolean"'));
  t.equal(verdict(other), 'VIOLATED');
  t.equal(verdict(await look(text.replaceAll('"application/json"', '"application/yaml"'))), 'VIOLATED');
});
