/**
 * The tables of Unicode that re2js has, told in half as many bytes: one list of runs of categories, one of scripts, how properties
 * differ from categories, and orbits of letters; all other tables follow from these. A browser's own `\p{…}` would do
 * for most, but each browser knows another Unicode, and verdicts must not depend on that. Each table is compared with the
 * library's when it is made.
 */
import { runInNewContext } from 'node:vm';

/** A table of re2js: ranges of code points, each with a step. */
interface Table {
  readonly length: number;
  getLo(i: number): number;
  getHi(i: number): number;
  getStride(i: number): number;
}

interface Tables {
  readonly CASE_ORBIT: ReadonlyMap<number, number>;
  readonly Print: Table;
  readonly CATEGORIES: Named;
  readonly SCRIPTS: Named;
  readonly FOLD_CATEGORIES: Named;
  readonly FOLD_SCRIPT: Named;
}

interface Named {
  /** What the library has; the names of the lean form follow from others. */
  readonly initializer?: object;
  has(name: string): boolean;
  get(name: string): Table | null;
}

/** Where a table begins and ends: each code point at which membership changes, ascending. */
type Edges = readonly number[];

const LAST = 0x10_ffff;

/** Properties, and categories that are most of them. */
const PROPERTIES: Readonly<Record<string, string>> = {
  LC: 'Lu Ll Lt',
  Print: 'L M N P S',
  ASCII_Hex_Digit: '',
  Alphabetic: 'L Mc Nl',
  Dash: 'Pd',
  Emoji: '',
  Emoji_Component: 'Cf',
  Emoji_Modifier: '',
  Emoji_Modifier_Base: '',
  Emoji_Presentation: '',
  Extended_Pictographic: '',
  Hex_Digit: '',
  Lowercase: 'Ll Lm',
  Math: 'Sm',
  Quotation_Mark: '',
  Terminal_Punctuation: '',
  Uppercase: 'Lu',
  White_Space: 'Z',
};

/** The part of the library that has the tables. */
const PART = /^\/\/ src\/UnicodeTables\.js$.*?(?=^\/\/ src\/Unicode\.js$)/ms;
const BEFORE = /^var UnicodeRangeTable = class \{.*?^\};$/ms;
/** What decodes the library's own numbers, which the lean form uses, too. */
const NUMBERS = /^const B64 = .*?(?=^const decodeRanges)/ms;

/** The library with small tables. Throws if it is not laid out as it was, or if a table would be another. */
export function leanUnicode(code: string): string {
  const [part = '', range = '', digits = ''] = [PART, BEFORE, NUMBERS].map((each) => each.exec(code)?.[0]);
  if ([part, range, digits].includes('')) throw new Error('re2js has its tables elsewhere');
  const own = tablesIn(`${range}${part}`);
  const lean = `${digits}${told(own)}`;
  assertSame(own, tablesIn(`${range}${lean}`));
  return code.replace(part, () => lean);
}

/** Runs the part, with as much of the rest as it needs. */
function tablesIn(text: string): Tables {
  const rest = `var Unicode = { simpleFold(r) {
    const next = UnicodeTables.CASE_ORBIT.get(r);
    return next ?? (/[a-z]/i.test(String.fromCodePoint(r)) && r < 128 ? r ^ 32 : r);
  } };`;
  const tables: Tables = runInNewContext(`${text}\n${rest}\nUnicodeTables`);
  return tables;
}

/** Every table of both. */
function assertSame(a: Tables, b: Tables): void {
  if (JSON.stringify([...a.CASE_ORBIT]) !== JSON.stringify([...b.CASE_ORBIT])) throw another('of letters');
  if (String(edgesOf(a.Print)) !== String(edgesOf(b.Print))) throw another('Print');
  for (const kind of ['CATEGORIES', 'SCRIPTS', 'FOLD_CATEGORIES', 'FOLD_SCRIPT'] as const) {
    const names = [a.CATEGORIES, a.SCRIPTS].flatMap(({ initializer }) => Object.keys(initializer ?? {}));
    for (const name of [...names, '', 'c', 'Print', 'constructor', '__proto__', 'Lc', 'X']) {
      if (
        kind === 'FOLD_CATEGORIES' ? !a.CATEGORIES.has(name) : kind === 'FOLD_SCRIPT' && !a.SCRIPTS.has(name)
      )
        continue;
      const [one, other] = [a[kind].get(name), b[kind].get(name)];
      if (!kind.startsWith('FOLD') && a[kind].has(name) !== b[kind].has(name))
        throw another(`${kind} ${name}`);
      if (String(one && edgesOf(one)) !== String(other && edgesOf(other))) throw another(`${kind} ${name}`);
    }
  }
}

function another(what: string): Error {
  return new Error(`the table ${what} is not as re2js has it`);
}

function edgesOf(table: Table): Edges {
  const edges: number[] = [];
  for (let i = 0; i < table.length; i++)
    for (let at = table.getLo(i); at <= table.getHi(i); at += table.getStride(i)) {
      const end = table.getStride(i) === 1 ? table.getHi(i) : at;
      if (edges.at(-1) === at) edges.pop();
      else edges.push(at);
      edges.push(end + 1);
      at = end;
    }
  return edges;
}

/** The lean form: what is told, then how the rest follows. */
function told(own: Tables): string {
  const names = namesOf(own.CATEGORIES).filter((name) => /^[A-Z][a-z]$/.test(name));
  const runs = runsOf(names, own.CATEGORIES);
  const scripts = namesOf(own.SCRIPTS).filter((name) => name !== 'Unknown');
  const properties = Object.entries(PROPERTIES).map(([name, base]) => {
    const is = base.split(' ').filter((each) => each !== '');
    const near = runs.flatMap(({ start, end, kind }) =>
      is.some((each) => names[kind]?.startsWith(each) === true) ? [start, end] : [],
    );
    const table = name === 'Print' ? own.Print : own.CATEGORIES.get(name);
    const apart = oddOnes([...near, ...(table === null ? [] : edgesOf(table))]);
    return `${name}:["${base}","${numbers(steps(apart))}"]`;
  });
  const scriptRuns = runsOf(scripts, own.SCRIPTS).flatMap(({ start, end, kind }) => [end - start, kind]);
  return `const CATEGORY_NAMES = ${JSON.stringify(names.join(' '))}.split(" ");
const CATEGORY_RUNS = /* @__PURE__ */ decodeVLQ("${numbers(runs.map(({ start, end }) => end - start))}");
const CATEGORY_KINDS = ${JSON.stringify(runs.map(({ kind }) => String.fromCharCode(65 + kind)).join(''))};
const SCRIPT_NAMES = ${JSON.stringify(scripts.join(' '))}.split(" ");
const SCRIPT_RUNS = /* @__PURE__ */ decodeVLQ("${numbers(scriptRuns)}");
const PROPERTIES = {${properties.join(',')}};
const ORBIT_RUNS = "${numbers(orbitRuns([...own.CASE_ORBIT]))}";
${FOLLOWS}
`;
}

function namesOf({ initializer = {} }: Named): readonly string[] {
  return Object.keys(initializer).toSorted();
}

interface Run {
  readonly start: number;
  /** The first code point behind it. */
  readonly end: number;
  /** Index of the table that has it. */
  readonly kind: number;
}

/** All code points, by the table that has them, of some that do not overlap. What is in none counts as more of the one before it. */
function runsOf(names: readonly string[], tables: Named): readonly Run[] {
  const starts = names.flatMap((name, kind) => {
    const table = tables.get(name);
    const edges = table === null ? [] : edgesOf(table);
    return edges.filter((_, i) => i % 2 === 0).map((start) => ({ start, kind }));
  });
  const runs = starts
    .toSorted((a, b) => a.start - b.start)
    .filter(({ kind }, i, all) => all[i - 1]?.kind !== kind);
  return runs.map((run, i) => ({ ...run, end: runs[i + 1]?.start ?? LAST + 1 }));
}

/** The edges that are there an odd number of times, ascending. */
function oddOnes(edges: Edges): Edges {
  const odd = new Set<number>();
  for (const edge of edges) if (!odd.delete(edge)) odd.add(edge);
  return [...odd].toSorted((a, b) => a - b);
}

function steps(edges: Edges): readonly number[] {
  return edges.map((edge, i) => edge - (edges[i - 1] ?? 0));
}

/** Letters in a row of which each has its next one as far away: how far from the row before, how far away, how many, in which steps. */
function orbitRuns(orbit: readonly (readonly [from: number, to: number])[]): readonly number[] {
  const runs: number[] = [];
  let before = 0;
  for (let i = 0; i < orbit.length;) {
    const [from = 0, to = 0] = orbit[i] ?? [];
    const step = (orbit[i + 1]?.[0] ?? from + 1) - from;
    const isNext = (n: number): boolean =>
      orbit[i + n]?.[0] === from + n * step && orbit[i + n]?.[1] === to + n * step;
    let count = 1;
    while (isNext(count)) count++;
    const away = to - from;
    runs.push(from - before, away < 0 ? -2 * away - 1 : 2 * away, count, ...(count > 1 ? [step] : []));
    before = from;
    i += count;
  }
  return runs;
}

/** As the library writes numbers: five bits a character, the lowest first. */
function numbers(values: readonly number[]): string {
  return values.map(numberText).join('');
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-';

function numberText(value: number): string {
  const rest = value >>> 5;
  return (DIGITS[(value & 31) | (rest > 0 ? 32 : 0)] ?? '') + (rest > 0 ? numberText(rest) : '');
}

/** How all tables follow. A table is made when it is asked for. */
const FOLLOWS = `
const combined = (a, b, is) => {
  const edges = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const at = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    if (a[i] === at) i++;
    if (b[j] === at) j++;
    if (is(i % 2, j % 2) !== edges.length % 2) edges.push(at);
  }
  return edges;
};
const edgesInRuns = (lengths, is) => {
  const edges = [];
  let at = 0;
  for (const [i, length] of lengths.entries()) {
    if (is(i) !== (edges.length % 2 === 1)) edges.push(at);
    at += length;
  }
  return edges.length % 2 === 1 ? [...edges, at] : edges;
};
const categoryEdges = (names) =>
  edgesInRuns(CATEGORY_RUNS, (i) =>
    names.some((name) => CATEGORY_NAMES[CATEGORY_KINDS.charCodeAt(i) - 65].startsWith(name)));
const sumsOf = (text) => {
  let at = 0;
  return decodeVLQ(text).map((step) => (at += step));
};
const edgesOf = (name) => {
  if (Object.hasOwn(PROPERTIES, name)) {
    const [near, apart] = PROPERTIES[name];
    return combined(categoryEdges(near.split(" ").filter(Boolean)), sumsOf(apart), (a, b) => a ^ b);
  }
  const unknown = categoryEdges(["Cn", "Co", "Cs"]);
  if (name === "Unknown") return unknown;
  const script = SCRIPT_NAMES.indexOf(name);
  if (script < 0) return categoryEdges([name]);
  const lengths = SCRIPT_RUNS.filter((_, i) => i % 2 === 0);
  const known = edgesInRuns(lengths, (i) => SCRIPT_RUNS[2 * i + 1] === script);
  return combined(known, unknown, (a, b) => a & ~b);
};
const tableOf = (edges) => new UnicodeRangeTable(edges.map((edge, i) => edge - (i % 2)), true);
const isIn = (edges, at) => {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
};
/* What is not in a table, and has another case that is; null if there is nothing. */
const foldOf = (edges) => {
  const folded = [];
  const ascii = Array.from({ length: 58 }, (_, i) => 65 + i);
  for (const at of [...new Set([...ascii, ...UnicodeTables.CASE_ORBIT.keys()])].sort((a, b) => a - b)) {
    if (isIn(edges, at)) continue;
    for (let other = Unicode.simpleFold(at); other !== at; other = Unicode.simpleFold(other))
      if (isIn(edges, other)) {
        folded.push(at, at + 1);
        break;
      }
  }
  return folded.length === 0 ? null : tableOf(folded);
};
const kept = (has, make) => {
  const tables = new Map();
  return {
    has,
    get(name) {
      if (!has(name)) return null;
      if (!tables.has(name)) tables.set(name, make(edgesOf(name)));
      return tables.get(name);
    },
  };
};
const isCategory = (name) =>
  name !== "Print" && (Object.hasOwn(PROPERTIES, name) || CATEGORY_NAMES.some((each) => each === name || each[0] === name));
const isScript = (name) => name === "Unknown" || SCRIPT_NAMES.includes(name);
let orbit;
const orbitOf = () => {
  const map = new Map();
  const runs = decodeVLQ(ORBIT_RUNS);
  let from = 0;
  for (let i = 0; i < runs.length; ) {
    from += runs[i++];
    const away = runs[i++];
    const count = runs[i++];
    const step = count > 1 ? runs[i++] : 0;
    for (let n = 0; n < count; n++) {
      const at = from + n * step;
      map.set(at, at + ((away >>> 1) ^ -(away & 1)));
    }
  }
  return map;
};
var UnicodeTables = {
  get CASE_ORBIT() {
    return (orbit ??= orbitOf());
  },
  get Print() {
    return tableOf(edgesOf("Print"));
  },
  CATEGORIES: kept(isCategory, tableOf),
  SCRIPTS: kept(isScript, tableOf),
  FOLD_CATEGORIES: kept(isCategory, foldOf),
  FOLD_SCRIPT: kept(isScript, foldOf),
};`;
