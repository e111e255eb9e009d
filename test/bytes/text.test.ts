/** Hex and base64 where the platform has none of its own: the fallback and the platform agree on every text. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { stripTypeScriptTypes } from 'node:module';
import t from 'tap';
import { readBase64, readHex, writeBase64, writeHex } from '../../src/bytes/textfallback.ts';

const ALPHABETS = ['base64', 'base64url'] as const;
const bytes = fc.uint8Array({ maxLength: 80 });

t.test('the fallback writes and reads as the platform does', async (t) => {
  fc.assert(
    fc.property(bytes, (value) => {
      t.equal(writeHex(value), value.toHex());
      t.strictSame(readHex(value.toHex()), value);
      t.equal(writeBase64(value, 'base64'), value.toBase64());
      t.equal(writeBase64(value, 'base64url'), value.toBase64({ alphabet: 'base64url', omitPadding: true }));
      for (const alphabet of ALPHABETS)
        t.strictSame(readBase64(writeBase64(value, alphabet), alphabet), value);
    }),
  );
});

t.test('what is accepted is canonical, and the same with and without the platform', async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc
      .array(fc.constantFrom(...Array.from('AQgw/+-_= \n'), '\u212a', '\u{1f600}'), { maxLength: 9 })
      .map((all) => all.join('')),
    fc.base64String({ maxLength: 16 }),
  );
  const canonical = (
    read: (text: string) => Uint8Array | undefined,
    write: (bytes: Uint8Array) => string,
  ) => {
    return (value: string): string | undefined => {
      try {
        const found = read(value);
        return found !== undefined && write(found) === value ? found.toHex() : undefined;
      } catch {
        return undefined;
      }
    };
  };
  for (const alphabet of ALPHABETS) {
    const omitPadding = alphabet === 'base64url';
    const own = canonical(
      (value) => Uint8Array.fromBase64(value, { alphabet }),
      (value) => value.toBase64({ alphabet, omitPadding }),
    );
    const fallback = canonical(
      (value) => readBase64(value, alphabet),
      (value) => writeBase64(value, alphabet),
    );
    fc.assert(
      fc.property(text, (value) => own(value) === fallback(value)),
      { numRuns: 5000 },
    );
  }
});

t.test('the library asks for nothing that Node 20 lacks', async (t) => {
  const lacking =
    /\.(?:toHex|toBase64|setFromHex|setFromBase64)\(|\b(?:Uint8Array\.from(?:Hex|Base64)|Promise\.(?:withResolvers|try)|Array\.fromAsync|Iterator\.|RegExp\.escape|Error\.isError|(?:Object|Map)\.groupBy|Math\.sumPrecise)\b|\.(?:union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom|getOrInsert)\(|\busing \w+ =|\b(?:values|keys|entries)\(\)\s*\.(?:map|filter|take|drop|toArray|some|every|find|reduce|flatMap|forEach)\(/;
  const root = resolve(import.meta.dirname, '../../src');
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = stripTypeScriptTypes(readFileSync(file, 'utf8'));
    const asked = lacking.exec(source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))?.[0];
    if (relative(root, file) !== 'bytes/text.ts') t.equal(asked, undefined, relative(root, file));
    for (const [, path = ''] of source.matchAll(/\bfrom '(\.[^']+)'/g)) visit(join(dirname(file), path));
  };
  visit(join(root, 'index.ts'));
  t.ok(seen.size > 40, `${seen.size} modules were read`);
  t.match('a.values().map(', lacking, 'the check itself notices');
});
