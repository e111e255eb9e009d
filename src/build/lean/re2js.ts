/**
 * re2js for browsers: compiling a pattern, and whether it matches a text, by the engine that decides every pattern, Pike's (Machine). Left
 * out are engines that decide some of them faster, and whatever tells where a match is. The budget of an expression bounds
 * what the slow engine does (src/claim/cel/meter.ts). test/system/lean-build.test.ts compares both.
 */
import { withMembers } from './methods.ts';
import { leanUnicode } from './unicode.ts';

/** What is called of the two classes that a pattern begins with (src/claim/cel/pattern.ts). */
const PATTERN = ['constructor', 'CASE_INSENSITIVE', 'DOTALL', 'MULTILINE', 'DISABLE_UNICODE_GROUPS'];
const FLAGS = ['LONGEST_MATCH', 'LOOKBEHINDS', 'compile', 'test'];
const ENGINE = [
  'constructor',
  'compileImpl',
  'matchPrefixComplete',
  'executeEngine',
  'get',
  'put',
  'doExecuteNFA',
];

/** Texts of the module, each of which is there once, and what stands there instead. */
const EDITS: readonly (readonly [text: string, instead: string])[] = [
  ['this.onepass = OnePass.compile(this.prog);', ''],
  ['const prefilter = PrefilterTree.build(re);', ''],
  ['re2.prefilter = prefilter.type === Prefilter.Type.NONE ? null : prefilter;', ''],
  [
    'if (this.onepass !== null) return OnePass.execute(this, input, pos, anchor, ncap);',
    'return this.doExecuteNFA(input, pos, anchor, ncap, lbState);',
  ],
  ['if (Utils.isByteArray(input)) return this.re2Input.matchUTF8(input);\n', ''],
];

/** The library without the rest. Throws if it is not laid out as it was. */
export function leanRe2js(code: string): string {
  let lean = withMembers(leanUnicode(code), 'RE2JS', [...PATTERN, ...FLAGS]);
  lean = withMembers(lean, 'RE2', [...ENGINE, 'match']);
  for (const [text, instead] of EDITS) {
    if (lean.split(text).length !== 2) throw new Error(`re2js is not laid out as it was: ${text}`);
    lean = lean.replace(text, () => instead);
  }
  return lean;
}
