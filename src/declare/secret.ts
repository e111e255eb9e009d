/**
 * Finds secrets that are not marked as such. The log does not reveal a secret in a declaration, since leaves are salted.
 * But disclosing its leaf later shows it, and the owner's file contains it. So a value that looks like a secret is refused
 * until the user states that it is one (then it is never shown) or that it is none. The name that gives a secret away may
 * be in the path, beside the value, or in it.
 */
import { unescaped } from '../claim/value.ts';
import { Refusal } from '../bytes/refusal.ts';
import { secretForm } from './detector.ts';
import { parseJson } from './json.ts';
import { Leaves, type DeclaredLeaf, type Unmarked } from './leaf.ts';
import { isBasic, textOfBase64 } from './secret-base64.ts';
import { isNameOfSecret, isPair, isPointer, isSecretBy, isWeakName } from './secret-names.ts';
import { isOpaque, isRandom } from './secret-random.ts';
import { inUrl, secretArgument, secretWithin } from './secret-texts.ts';

/** Greatest depth of texts within texts, such as JSON in an attribute, or base64 in JSON. */
const MAX_DEPTH = 3;
/** Characters from which on a value under a weak name (secret-names.ts) may be a token. */
const LONG = 32;

/**
 * Leaves that look like secrets and are not marked sensitive, with the reason. `known`: paths that the user decided on.
 */
export function unmarkedSecrets(
  leaves: readonly DeclaredLeaf[],
  known: ReadonlySet<string>,
): readonly Unmarked[] {
  const texts = textsOf(leaves);
  const names = new Names();
  return leaves.flatMap(({ path, sensitive, called, text = '' }) => {
    const named = names.secretIn(path);
    const found: Unmarked[] = [];
    if (named !== undefined && !known.has(path) && !known.has(named.path)) found.push(named);
    const asked = called === undefined ? texts : new Map([[`/${called}`, text]]);
    const why =
      sensitive || known.has(path)
        ? undefined
        : looksSecret(called === undefined ? path : `/${called}`, asked);
    if (why !== undefined) found.push({ path, why });
    return found;
  });
}

/** Texts and numbers by path, as `looksSecret` wants them. */
export function textsOf(leaves: Iterable<Pick<DeclaredLeaf, 'path' | 'text'>>): ReadonlyMap<string, string> {
  return new Map(Array.from(leaves).flatMap(({ path, text }) => (text === undefined ? [] : [[path, text]])));
}

/** Why the text at a path looks like a secret; undefined when it does not. `texts`: it, and what stands beside it. */
export function looksSecret(path: string, texts: ReadonlyMap<string, string>, depth = 0): string | undefined {
  const value = texts.get(path);
  if (value === undefined) return undefined;
  const form = secretForm(value) ?? inUrl(value);
  if (form !== undefined) return form;
  const name = namedBeside(path, texts) ?? nameIn(path);
  const plain = depth < MAX_DEPTH ? textOfBase64(value) : undefined;
  // A placeholder is one in base64 too.
  const isNone = isNameOfSecret(path, name, value) || (plain !== undefined && isPointer(plain));
  if (!isNone && (isSecretBy(name, value) || isPair(name, value) || isToken(name, value)))
    return `the value of "${name}"`;
  if (!isNone && isAmongPasswords(path, value)) return 'one of several passwords';
  if (!isNone && isSecretData(path, texts) && !isPointer(value)) return 'data of a Secret of Kubernetes';
  const argument = isItem(path) ? secretArgument(wordsBefore(path, texts)) : undefined;
  if (argument !== undefined) return argument;
  if (plain !== undefined) return looksSecret('/', new Map([['/', plain]]), depth + 1);
  const [, assigned = name, random = value] =
    /^([A-Za-z_][\w.-]{0,127})=([^=]{24,512}={0,2})$/.exec(value) ?? [];
  return isRandom(random) && !isDigestName(assigned) ? 'a random text' : withinText(value, depth);
}

/** Whether a value looks like a token, and its name may be of one. */
function isToken(name: string, value: string): boolean {
  if (/^_?auth$/i.test(name) && isBasic(value)) return true;
  return value.length >= LONG && isWeakName(name) && isOpaque(value);
}

/** Names of digests and of public keys. */
function isDigestName(name: string): boolean {
  return /(?:checksum|digest|fingerprint|hash|integrity|public[_-]?key|sum|thumbprint)$/i.test(name);
}

/** Members that hold the value of the thing that the step above names: `/db_password/value`. */
const HOLD_VALUE = /^(?:value|default|defaultValue|plain|plaintext|plainText|literal)$/i;

/** A step of nginx and of ini files that says what is set: `proxy_set_header[Authorization]`. */
const KEYED_STEP = /^\w+\["?([^"[\]]+)"?\](?: #[0-9]+)?$/;

/** The name of the value at a path: its last step, or the name of the item, variable or parameter whose value it is. */
function nameIn(path: string): string {
  const steps = path.split('/').filter((step) => !/^[0-9]*$/.test(step));
  const [above = '', last = ''] = steps.length === 1 ? ['', steps[0]] : steps.slice(-2);
  const named = HOLD_VALUE.test(last) && above !== '' ? above : last;
  return /^(?:name|key)=(.+)$/.exec(named)?.[1] ?? KEYED_STEP.exec(named)?.[1] ?? named;
}

/** Members that give the name of the value beside them. */
const NAMED_BY = ['name', 'key', 'Name', 'Key', 'ParameterKey', 'OptionName'];

/** `{name: DB_PASSWORD, value: …}`, the private part of a JSON Web Key, and the word after `--password` in a list. */
function namedBeside(path: string, texts: ReadonlyMap<string, string>): string | undefined {
  const [above, last] = split(path);
  if (/^(?:parameter)?value$/i.test(last))
    return NAMED_BY.map((each) => texts.get(`${above}/${each}`)).find(Boolean);
  // RFC 7517 §4.1, RFC 7518 §6.
  if ((last === 'd' || last === 'k') && texts.has(`${above}/kty`)) return 'private_key';
  if (!isItem(path)) return undefined;
  return /^--?([A-Za-z][\w-]*)$/.exec(texts.get(`${above}/${Number(last) - 1}`) ?? '')?.[1];
}

/** Whether it is a value in `passwords: {alice: …}`. Settings among them are numbers or words, so it needs digits and letters. */
function isAmongPasswords(path: string, value: string): boolean {
  const [above] = split(path);
  const [, holder] = split(above);
  return (
    /pass(?:word|wd|phrase)s$/i.test(holder) &&
    /[0-9]/.test(value) &&
    /[a-z]/i.test(value) &&
    isSecretBy(holder, value)
  );
}

/** A member of `stringData`, or of `data` beside `kind: Secret` (gitleaks: kubernetes-secret-yaml). */
function isSecretData(path: string, texts: ReadonlyMap<string, string>): boolean {
  const [, root, member] = /^(.*)\/(stringData|data)\/[^/]*$/.exec(path) ?? [];
  return member !== undefined && texts.get(`${root}/kind`) === 'Secret';
}

/** The item of a list of arguments and the words before it: the program (of `command` for `args`), and the last few. */
function wordsBefore(path: string, texts: ReadonlyMap<string, string>): readonly string[] {
  const [above, last] = split(path);
  const index = Number(last);
  const words: string[] = [];
  const add = (at: string): void => {
    const text = texts.get(at);
    if (text !== undefined) words.push(text);
  };
  if (above.endsWith('/args')) add(`${above.slice(0, -4)}command/0`);
  for (let i = Math.max(0, index - WORDS_BEFORE); i <= index; i++) {
    if (i > 0 && words.length === 0) add(`${above}/0`);
    add(`${above}/${i}`);
  }
  return words;
}
const WORDS_BEFORE = 8;

/** Whether the last step is a position. A longer number is a name: counting up to it would not end. */
function isItem(path: string): boolean {
  return /\/(?:0|[1-9][0-9]{0,8})$/.test(path);
}

/** The path of what holds the last step, and that step. */
function split(path: string): readonly [string, string] {
  const at = path.lastIndexOf('/');
  return [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
}

/** Looks for secrets in names of members: disclosing a leaf shows all of its path. */
class Names {
  readonly #found = new Map<string, string | undefined>();
  readonly #told = new Set<string>();

  /** The first member on a path whose name looks like a secret, once. */
  secretIn(path: string): Unmarked | undefined {
    for (let at = 0; at >= 0; at = path.indexOf('/', at + 1)) {
      const end = path.indexOf('/', at + 1);
      const why = this.#whyOf(path.slice(at + 1, end < 0 ? undefined : end));
      if (why === undefined) continue;
      const member = path.slice(0, end < 0 ? undefined : end);
      if (this.#told.has(member)) return undefined;
      this.#told.add(member);
      return { path: path.slice(0, at), why, inName: true };
    }
    return undefined;
  }

  #whyOf(step: string): string | undefined {
    if (!this.#found.has(step)) {
      const name = unescaped(step);
      this.#found.set(step, secretForm(name) ?? secretWithin(name));
    }
    return this.#found.get(step);
  }
}

/** Words of base64 within a text: a manifest in a script. */
const BASE64 = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}(?![A-Za-z0-9+/_=-])/g;

/** Scripts, arguments, connection strings and JSON that stand in one value. */
function withinText(value: string, depth: number): string | undefined {
  const json = depth < MAX_DEPTH && /^\s*[[{]/.test(value) ? leavesWithin(value) : undefined;
  if (json !== undefined) {
    const [found] = unmarkedIn(json, depth + 1);
    return found === undefined ? undefined : `${found} in JSON`;
  }
  const why = secretWithin(value);
  if (why !== undefined || depth >= MAX_DEPTH) return why;
  const plain = Array.from(value.matchAll(BASE64), ([word]) => textOfBase64(word) ?? '')
    .join('\n')
    .trim();
  return plain === '' ? undefined : looksSecret('/', new Map([['/', plain]]), depth + 1);
}

function* unmarkedIn(leaves: readonly DeclaredLeaf[], depth: number): Generator<string> {
  const texts = textsOf(leaves);
  const names = new Names();
  for (const path of texts.keys()) {
    const why = looksSecret(path, texts, depth) ?? names.secretIn(path)?.why;
    if (why !== undefined) yield why;
  }
}

/** The leaves of JSON in a text; undefined when it is none. */
function leavesWithin(text: string): readonly DeclaredLeaf[] | undefined {
  try {
    const leaves = new Leaves();
    leaves.add('', parseJson(text.trim()));
    return leaves.all();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}
