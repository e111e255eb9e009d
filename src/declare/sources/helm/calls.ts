/**
 * Which functions the actions of a template call, and which of them make two renderings of one chart differ: those that read a
 * cluster, a clock, a network or chance, and those whose order is that of a Go map. A function that is not known here may be any
 * of these. Functions: text/template (Go 1.26), sprig v3.3.0, helm v3.19 and v4.3 (pkg/engine/funcs.go).
 */
import { actionsOf, type Action, type Fault, type Word } from './actions.ts';

/** A call whose result is not fixed by chart, values and versions. */
export interface Call {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly why: string;
}

/** Why of a function that is in no list here. */
export const UNKNOWN = 'nobody here knows this function';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const CHANCE = 'its result is random';
const CLOCK = "its result depends on the clock or the machine's time zone";
/** Function → why it is none of a declaration. */
const UNSTEADY: ReadonlyMap<string, string> = new Map([
  ['lookup', 'it reads the cluster at install, and nothing here'],
  ['getHostByName', 'it asks the network'],
  ['env', 'it reads the environment'],
  ['expandenv', 'it reads the environment'],
  ...words(
    'randAlphaNum randAlpha randAscii randNumeric randBytes randInt uuidv4 shuffle bcrypt htpasswd encryptAES ' +
      'genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey',
  ).map((name): [string, string] => [name, CHANCE]),
  ...words('now ago date dateInZone date_in_zone htmlDate htmlDateInZone toDate mustToDate').map(
    (name): [string, string] => [name, CLOCK],
  ),
]);

const KEYWORDS = words('if else end range with define template block break continue nil true false');

const STEADY: ReadonlySet<string> = new Set([
  ...KEYWORDS,
  // text/template
  ...words('and or not len index slice print printf println html js urlquery call eq ne lt le gt ge'),
  // helm
  ...words(
    'toToml mustToToml fromToml toYaml mustToYaml toYamlPretty fromYaml fromYamlArray toJson mustToJson fromJson',
  ),
  ...words('fromJsonArray include tpl required fail mustToDuration'),
  // sprig
  ...words(
    `hello dateModify date_modify mustDateModify must_date_modify duration durationRound unixEpoch abbrev abbrevboth trunc trim
     upper lower title untitle substr repeat trimall trimAll trimSuffix trimPrefix nospace initials swapcase snakecase
     camelcase kebabcase wrap wrapWith contains hasPrefix hasSuffix quote squote cat indent nindent replace plural sha1sum
     sha256sum sha512sum adler32sum toString atoi int64 int float64 seq toDecimal split splitList splitn toStrings until
     untilStep add1 add sub div mod mul add1f addf subf divf mulf biggest max min maxf minf ceil floor round join sortAlpha
     default empty coalesce all any compact mustCompact toPrettyJson toRawJson mustFromJson mustToPrettyJson mustToRawJson
     ternary deepCopy mustDeepCopy typeOf typeIs typeIsLike kindOf kindIs deepEqual base dir clean ext isAbs osBase osClean
     osDir osExt osIsAbs b64enc b64dec b32enc b32dec tuple list dict get set unset hasKey pluck pick omit merge
     mergeOverwrite mustMerge mustMergeOverwrite append push mustAppend mustPush prepend mustPrepend first mustFirst rest
     mustRest last mustLast initial mustInitial reverse mustReverse uniq mustUniq without mustWithout has mustHas
     mustSlice concat dig chunk mustChunk derivePassword buildCustomCert decryptAES semver semverCompare regexMatch
     mustRegexMatch regexFindAll mustRegexFindAll regexFind mustRegexFind regexReplaceAll mustRegexReplaceAll
     regexReplaceAllLiteral mustRegexReplaceAllLiteral regexSplit mustRegexSplit regexQuoteMeta urlParse urlJoin toDuration`,
  ),
]);

/** Functions that give the members of a map in Go's order, which is another one each time. */
const UNORDERED: ReadonlySet<string> = new Set(['keys', 'values']);
/** Functions after which the order of a list is of no consequence. */
const ORDERLESS: ReadonlySet<string> = new Set(['sortAlpha', 'len', 'has', 'mustHas', 'empty']);
const KEEP: ReadonlySet<string> = new Set([
  'uniq',
  'mustUniq',
  'compact',
  'mustCompact',
  'without',
  'mustWithout',
  'concat',
]);

export interface Scanned {
  readonly calls: readonly Call[];
  /** Where a text is rendered as a template. */
  readonly tpl?: number;
  /** Texts that stand in its actions, which may be rendered. */
  readonly texts: readonly Word[];
  readonly fault?: Fault;
}

/** Reads a template. */
export function scanTemplate(text: string): Scanned {
  const { actions, fault } = actionsOf(text);
  const calls = actions.flatMap((action) => callsOf(action));
  const tpl = actions.flat().find((word) => word.kind === 'name' && word.text === 'tpl');
  return {
    calls,
    ...(tpl !== undefined && { tpl: tpl.line }),
    texts: actions.flat().filter(({ kind }) => kind === 'text'),
    ...(fault !== undefined && { fault }),
  };
}

function callsOf(action: Action): readonly Call[] {
  return action.flatMap(({ kind, text, line }, i): Call[] => {
    if (kind !== 'name' || STEADY.has(text)) return [];
    const why = UNSTEADY.get(text);
    if (why !== undefined) return [{ name: text, line, why }];
    if (!UNORDERED.has(text)) return [{ name: text, line, why: UNKNOWN }];
    return isOrderless(action, i)
      ? []
      : [{ name: text, line, why: 'its order is another one each time; sort it (sortAlpha)' }];
  });
}

/** Whether the order of what a function gives is lost: it is sorted, counted or searched next. `at`: the function. */
function isOrderless(action: Action, at: number): boolean {
  // What it fails with is told to people.
  const [pipe, last] = action.slice(-2);
  if (pipe?.text === '|' && last?.kind === 'name' && last.text === 'fail') return true;
  let depth = 0;
  for (let i = at + 1; i < action.length; i++) {
    const { kind, text } = action[i] ?? NONE;
    if (kind !== 'other') continue;
    if (text === '(') depth += 1;
    else if (text === ')' && depth > 0) depth -= 1;
    else if (depth > 0) continue;
    else if (text === '|') return settles(action, i + 1);
    else if (text === ')') return isOrderlessGroup(action, at, i);
  }
  return false;
}

/** Whether a command that a list is given to, at an index, makes its order of no consequence. */
function settles(action: Action, at: number): boolean {
  const { kind, text } = action[at] ?? NONE;
  if (kind !== 'name') return false;
  return ORDERLESS.has(text) || (KEEP.has(text) && isOrderless(action, at));
}

/** The same for what stands in parentheses that end at `end`: an argument of the command around it. */
function isOrderlessGroup(action: Action, at: number, end: number): boolean {
  let depth = 0;
  let open = at;
  for (; open >= 0; open--) {
    const { kind, text } = action[open] ?? NONE;
    if (kind !== 'other') continue;
    if (text === ')') depth += 1;
    else if (text === '(' && depth-- === 0) break;
  }
  const before = action[open - 1] ?? NONE;
  const next = action[end + 1] ?? NONE;
  if (next.kind === 'other' && next.text === '|' && (open === 0 || isStart(before)))
    return settles(action, end + 2);
  return settles(action, commandAt(action, open));
}

/** The word that begins the command around an index. */
function commandAt(action: Action, index: number): number {
  let depth = 0;
  for (let i = index - 1; i >= 0; i--) {
    const word = action[i] ?? NONE;
    if (word.kind === 'other' && word.text === ')') depth += 1;
    else if (word.kind === 'other' && word.text === '(' && depth > 0) depth -= 1;
    else if (depth === 0 && isStart(word)) return i + 1;
  }
  return 0;
}

/** Whether a command begins after a word. */
function isStart({ kind, text }: Word): boolean {
  return kind === 'other' ? ['(', '|', '=', ':='].includes(text) : kind === 'name' && KEYWORDS.includes(text);
}

const NONE: Word = { kind: 'other', text: '', line: 0 };
