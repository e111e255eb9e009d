/**
 * A file of the user's that extends the frameworks: new ones, more items, and claims that support an item. YAML, read as
 * strictly as a claims file.
 *
 *     frameworks:
 *       - id: SOC2-2017                       # one that Tallystick has: its items stay, these are added
 *         items:
 *           - { id: CC6.7, claims: [legacy-gateway-tls] }
 *       - id: ACME-BASELINE                   # a new one
 *         title: Baseline of ACME
 *         edition: "7"
 *         source: https://acme.example/baseline
 *         read: "2026-11-30"
 *         items:
 *           - id: NET-4
 *             title: Nothing but TLS 1.3
 *             cadence: 3d
 *             claims: [tls12-refused, old-tls-refused]
 */
import { fault, Fields } from '../../declare/fields.ts';
import { parseYaml } from '../../declare/yaml.ts';
import type { Framework, Item } from './framework.ts';

/**
 * The frameworks with those of a file. Refuses `malformed-text` for YAML, and `malformed-payload` naming the place for
 * what the file says.
 */
export function extendFrameworks(known: readonly Framework[], text: string): readonly Framework[] {
  const [document = null, ...more] = parseYaml(text, {
    names: 'typed',
    empty: 'no document',
    whole: 'write the value itself',
  });
  if (more.length > 0) throw fault('the file', 'has more than one YAML document');
  const file = new Fields(document, 'the file');
  const given = file.list('frameworks');
  file.end();
  let all = [...known];
  for (const [i, each] of given.entries()) {
    const fields = new Fields(each, `frameworks[${i}]`);
    const id = fields.needed('id', fields.text('id'));
    const before = all.find((framework) => framework.id === id);
    const after = frameworkOf(fields, id, before);
    all = before === undefined ? [...all, after] : all.map((one) => (one === before ? after : one));
  }
  return all;
}

function frameworkOf(fields: Fields, id: string, before: Framework | undefined): Framework {
  const of = (name: string, known: string | undefined): string => {
    const text = fields.text(name);
    if (text !== undefined && known !== undefined)
      throw fault(`${fields.at}.${name}`, `is said by Tallystick's own data of ${id}; leave it out`);
    return fields.needed(name, text ?? known);
  };
  const framework = {
    id,
    title: of('title', before?.title),
    edition: of('edition', before?.edition),
    source: of('source', before?.source),
    read: of('read', before?.read),
    basis: before?.basis ?? ('text' as const),
    ...(before?.note !== undefined && { note: before.note }),
  };
  const items = fields.list('items').map((each, i) => new Fields(each, `${fields.at}.items[${i}]`));
  fields.end();
  return { ...framework, items: items.reduce(withItem, before?.items ?? []) };
}

/** The items with one more, or with more claims for one of them. */
function withItem(items: readonly Item[], fields: Fields): readonly Item[] {
  const id = fields.needed('id', fields.text('id'));
  const title = fields.text('title');
  const seconds = fields.duration('cadence');
  const claims = fields.texts('claims').map((claim) => ({ claim }));
  fields.end();
  const cadence = seconds === undefined ? {} : { cadence: { seconds, says: 'your file' } };
  const before = items.find((item) => item.id === id);
  if (before === undefined)
    return [...items, { id, title: fields.needed('title', title), ...cadence, claims }];
  if (title !== undefined) throw fault(`${fields.at}.title`, `is said already of ${id}; leave it out`);
  if (seconds !== undefined && seconds > (before.cadence?.seconds ?? Infinity))
    throw fault(`${fields.at}.cadence`, `is longer than the text allows (${before.cadence?.says ?? ''})`);
  return items.map((item) =>
    item === before ? { ...before, ...cadence, claims: [...before.claims, ...claims] } : item,
  );
}
