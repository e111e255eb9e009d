/** What `commit` leaves its owner is read as strictly as what is declared: two readers cannot see two values. */
import t from 'tap';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { parseDisclosure, parseLeaves } from '#src/declare/leafopening.ts';
import { parseOpening } from '#src/declare/opening.ts';

const LEAF = '{"path":"a","salt":"00112233445566778899aabbccddeeff","value":"00","sensitive":false}';
const FILE =
  '{"path":"a","type":"file","size":1,"mode":"0644","salt":"00112233445566778899aabbccddeeff",' +
  `"sha256":"${'ab'.repeat(32)}"}`;

const FILES: readonly (readonly [
  name: string,
  parse: (bytes: Uint8Array, path: string) => unknown,
  text: string,
])[] = [
  [
    'leaves',
    parseLeaves,
    `{"schema":"tallystick.leaves.v1","profile":"json@1","subject":"s","leaves":[${LEAF}]}`,
  ],
  [
    'opening',
    parseOpening,
    `{"schema":"tallystick.opening.v1","profile":"files@1","subject":"s","base":".","leaves":[${FILE}]}`,
  ],
  [
    'disclosure',
    parseDisclosure,
    '{"schema":"tallystick.disclosure.v1","profile":"json@1","subject":"s","openings":[]}',
  ],
];

for (const [name, parse, text] of FILES) {
  t.test(name, async (t) => {
    const refused = (changed: string, says: RegExp, what: string): void => {
      t.not(changed, text, `${what}: something is changed`);
      t.throws(
        () => parse(encodeUtf8(changed), 'x.json'),
        { code: 'malformed-payload', message: says },
        what,
      );
    };
    if (name !== 'disclosure') t.ok(parse(encodeUtf8(text), 'x.json'));
    refused(text.replace('"subject":"s"', '"subject":"s","subject":"other"'), /x\.json/, 'a name twice');
    refused(text.replace('"subject":"s"', '"subject":1.5'), /whole number/, 'a fraction');
    refused(text.replace('"subject":"s"', '"subject":"\\ud800"'), /x\.json/, 'half a pair');
    refused(
      text.replace('"subject":"s"', `"subject":${'['.repeat(9_000)}${']'.repeat(9_000)}`),
      /deeper/,
      'nesting',
    );
    refused(`${text} 1`, /more after/, 'more after it');
    refused(text.slice(0, -1), /x\.json/, 'cut');
  });
}
