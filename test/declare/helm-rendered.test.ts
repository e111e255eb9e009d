/** Texts of a chart that `tpl` may render: wherever a call stands in it, and however it is written, it is found. */
import fc from 'fast-check';
import t from 'tap';
import { unescapedText } from '#src/declare/sources/helm/actions.ts';
import { callsIn } from '#src/declare/sources/helm/rendering.ts';

type Texts = Readonly<Record<string, string | Uint8Array>>;
const bytes = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

/** `PATH name:line …` of each file with calls. */
function found(texts: Texts, values: Readonly<Record<string, string>> = {}): readonly string[] {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, bytes(text)]));
  const calls = callsIn(new Map([['', files]]), new Map(Object.entries(values)));
  return [...calls].map(
    ([path, each]) => `${path} ${each.map(({ name, line }) => `${name}:${line}`).join(' ')}`,
  );
}
const TPL = { 'templates/a.yaml': '{{ tpl .Values.x . }}' };

t.test('NOTES.txt is a template as others are', async (t) => {
  t.same(found({ 'templates/NOTES.txt': 'a\n{{- $_ := set .Values "x" (lookup "v1" "Secret" "a" "b") }}' }), [
    'templates/NOTES.txt lookup:2',
  ]);
  t.same(found({ 'templates/NOTES.txt': '{{ tpl "{{ now }}" . }}' }), ['templates/NOTES.txt now:1']);
  t.same(found({ 'templates/NOTES.txt': 'Open http://{{ .Values.host }}' }), []);
});

t.test('each file may be rendered, and its name', async (t) => {
  for (const path of [
    'README.md',
    'LICENSE',
    'ci/x.txt',
    'Chart.yaml',
    'Chart.lock',
    'requirements.yaml',
    'values.schema.json',
    'docs/a',
  ])
    t.same(found({ ...TPL, [path]: 'a\nb: {{ lookup "v1" "a" "b" "c" }}' }), [`${path} lookup:2`], path);
  t.same(found({ ...TPL, 'files/{{ now }}.txt': '' }), ['files/{{ now }}.txt now:1']);
  t.same(found({ 'templates/{{ now }}.yaml': '{{ tpl .Template.Name . }}' }), [
    'templates/{{ now }}.yaml now:1',
  ]);
  t.same(found({ 'templates/{{ now }}.yaml': '', 'README.md': '{{ now }}' }), [], 'without tpl');
});

t.test('escapes are undone', async (t) => {
  for (const text of [
    String.raw`x: "\x7b\x7b now }}"`,
    String.raw`x: "\u007b\u007b now }}"`,
    String.raw`x: "\U0000007b{ now }}"`,
    String.raw`x: "{{ n\u006fw }}"`,
    String.raw`x: "{\x7b no\x77 }}"`,
    'x: "{\\\n  { now }}"',
    'x: "{{ no\\\n  w }}"',
    '{"x": "\\u007B{ now }}"}',
    'x: "{{ `a\\x60 | now | printf `\\x60 }}"',
    'a: |\n  {{ printf "b\\"c" }}\nx: "{{ `a\\x60 | now | printf \\x60b` }}"',
    String.raw`x: '{"y": "\u007b\u007b now }}"}'`,
    'x: "{\\"y\\": \\"\\\\u007b\\\\u007b now }}\\"}"',
    'x: !!binary "e3sgbm93IH19"',
    'x: !<tag:yaml.org,2002:binary> e3sgbm93IH19',
    '%TAG !e! tag:yaml.org,2002:\n---\nx: !e!b e3sgbm93IH19',
    'x: !!b%69nary e3sgbm93IH19',
    'x: "{{ tpl `{{ now }}` . }}"',
  ]) {
    t.equal(found({ ...TPL, 'values.yaml': text }).length, 1, text);
    t.equal(found(TPL, { 'my.yaml': text }).length, 1, text);
  }
  for (const action of [
    String.raw`tpl "\x7b\x7b now }}" .`,
    String.raw`tpl "\173\173 now }}" .`,
    String.raw`tpl "\u007b{ no\x77 }}" .`,
    'tpl `{{ now }}` .',
    String.raw`tpl "{{ tpl \"{{ now }}\" . }}" .`,
    String.raw`tpl "{{ tpl \"\\x7b\\x7b now }}\" . }}" .`,
    'tpl "{{ tpl `{{ now }}` . }}" .',
  ])
    t.equal(found({ 'templates/a.yaml': `a\n{{ ${action} }}` })[0]?.endsWith(':2'), true, action);
  const wide = Buffer.from('\ufeffx: "{{ now }}"', 'utf16le');
  t.same(found({ ...TPL, 'values.yaml': wide }), ['values.yaml now:1'], 'UTF-16');
});

t.test('what no helm could take for a call is none', async (t) => {
  for (const text of [
    'a: |\n  {{ printf "b\\"c" }}\n',
    'pattern: "^\\\\d+\\\\{2}$"',
    'x: "{{ .Values.y }}"\ny: "a\\nb\\t"',
    '# {{ include "a" . }} and `now`\nx: {{ humanize 1 }}',
    'x: "\\u00e9 {{ .Values.y }}"',
    'lookup: now',
  ])
    t.same(found({ ...TPL, 'values.yaml': text }), [], text);
});

t.test('any spelling of a call by escapes is found', async (t) => {
  const escaped = (text: string, ways: readonly number[]): string =>
    text
      .split('')
      .map((one, i) => {
        const hex = one.charCodeAt(0).toString(16);
        return [
          one === '"' ? '\\"' : one,
          `\\x${hex.padStart(2, '0')}`,
          `\\u${hex.padStart(4, '0')}`,
          `\\U${hex.padStart(8, '0')}`,
        ][ways[i] ?? 0];
      })
      .join('');
  const call = '{{ tpl (now) . }}';
  fc.assert(
    fc.property(fc.array(fc.nat(3), { minLength: call.length, maxLength: call.length }), (ways) => {
      const text = escaped(call, ways);
      t.equal(unescapedText(text), call);
      return (
        found({ ...TPL, 'values.yaml': `x: "${text}"` }).length === 1 &&
        found({ 'templates/a.yaml': `{{ tpl "${text}" . }}` }).length === 1
      );
    }),
    { numRuns: 200 },
  );
});

t.test('hostile texts end with an answer', async (t) => {
  for (const text of [
    '\\'.repeat(300_000),
    '{{ "'.repeat(100_000),
    ',!'.repeat(200_000),
    `{{ tpl ${'"'.repeat(50_001)}`,
    `{{ tpl "${'\\"'.repeat(100_000)}" . }}`,
    '{\\x7b '.repeat(100_000),
    'x: "' + '{{ `a` }}\\u0041'.repeat(30_000),
  ])
    t.doesNotThrow(() => found({ ...TPL, 'values.yaml': text }), text.slice(0, 20));
});
