/**
 * Secrets nobody marked. Everything in a declaration is salted, so no secret is logged; but whoever opens a leaf
 * later shows its value, and the owner's file holds it. So what looks like a secret is refused until somebody says
 * that it is one (then it is never shown) or that it is none. A name may stand in the path, beside the value, or in it.
 */
import { Refusal } from '../bytes/refusal.ts';
import { parseJson } from './json.ts';
import { Leaves, type DeclaredLeaf } from './leaf.ts';

/** Forms that only secrets have. None begins again within what it has read, or a long text would take for ever. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/, 'a private key'],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, 'an AWS access key id'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a GitHub token'],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}\b/, 'a Slack token'],
  [/\bsk_(?:live|test)_[A-Za-z0-9]{16,}\b/, 'a Stripe key'],
  [/\bAIza[0-9A-Za-z_-]{35}\b/, 'a Google API key'],
  [/\beyJ[A-Za-z0-9_-]{10,2048}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\b/, 'a JSON Web Token'],
  [/(?<![a-z0-9+.-])[a-z0-9+.-]+:\/\/[^\s/:@]+:[^\s/@]+@/i, 'a URL with a password in it'],
];

/** Names of what is secret. */
const NAMES =
  /(?:^|[^a-z])(?:pw|pwd|pass(?:word|wd|phrase)?|secret|token|credential|(?:api|access|account|private|secret|signing|encryption)_?key)s?$/i;
/** Such names that are none: they say how secrets are handled. */
const HARMLESS = /(?:_|-|\b)(?:arn|id|name|path|file|length|policy|rotation|ttl|type|version|enabled|ref)$/i;
/** Shorter values are not looked at: `none`, `on`. */
const SHORTEST = 5;

/** Values that only point to a secret, or say that there is none: references, paths, addresses, words. */
const POINTERS: readonly RegExp[] = [
  /\$\{|\$\(|\{\{|^\$[A-Za-z_0-9]|^%[A-Za-z_]+%$|^<.*>$|^@Microsoft\.KeyVault/,
  /^(?:arn|vault|ssm|secretsmanager|file|env|op|ref\+[a-z]+):/i,
  /^(?:\.{0,2}|~)\/[\w./-]*$|^[A-Za-z]:\\/,
  /^[a-z][a-z0-9+.-]*:\/\/[^@\s]*$/i,
  /^(?:true|false|none|null|nil|undefined|required|optional|disabled|enabled|redacted)$/i,
  /^[*x.]+$/i,
];

/** A name and its value within a text: `export DB_PASSWORD=…`, `--password=…`, `Password=…;`, `"token": "…"`. */
const ASSIGNED =
  /(?<![A-Za-z0-9_.$-])["']?([A-Za-z_-][A-Za-z0-9_.-]*)["']?(?:[ \t]*(?:=|:=)[ \t]*|:[ \t]+|:(?=["']))("[^"\n]*"|'[^'\n]*'|[^\s"';,&]+)/g;
/** A flag, and its value as the next word. */
const FLAG = /(?<!\S)--?([A-Za-z][A-Za-z0-9_-]*)[ \t]+("[^"\n]*"|'[^'\n]*'|[^\s"'-][^\s"']*)/g;
/** What a program says of where its value comes from: a number, a variable, a call. */
const CODE = /^[0-9.]+[a-z]?$|^[A-Za-z_]+(?:\.[A-Za-z_]+|\[[^\]]*\])+$|^[A-Za-z_.]+\(/;
/** Texts within texts: JSON in an attribute, at most so deep. */
const MAX_DEPTH = 3;

/** Leaves that look like secrets and are not marked sensitive, with why. `known`: paths somebody spoke for. */
export function unmarkedSecrets(
  leaves: readonly DeclaredLeaf[],
  known: ReadonlySet<string>,
): readonly { readonly path: string; readonly why: string }[] {
  const texts = textsOf(leaves);
  return leaves.flatMap(({ path, sensitive }) => {
    const why = sensitive || known.has(path) ? undefined : looksSecret(path, texts);
    return why === undefined ? [] : [{ path, why }];
  });
}

/** Texts by path, as `looksSecret` wants them. */
export function textsOf(leaves: Iterable<Pick<DeclaredLeaf, 'path' | 'text'>>): ReadonlyMap<string, string> {
  return new Map(Array.from(leaves).flatMap(({ path, text }) => (text === undefined ? [] : [[path, text]])));
}

/** Why the text at a path looks like a secret; undefined when it does not. `texts`: it, and what stands beside it. */
export function looksSecret(path: string, texts: ReadonlyMap<string, string>, depth = 0): string | undefined {
  const value = texts.get(path);
  if (value === undefined) return undefined;
  const form = FORMS.find(([pattern]) => pattern.test(value));
  if (form !== undefined) return form[1];
  const name = namedBeside(path, texts) ?? nameIn(path);
  if (isSecretName(name) && value.length >= SHORTEST && !isPointer(value)) return `the value of "${name}"`;
  return isRandom(value) ? 'a random text' : withinText(value, depth);
}

/** What names the value at a path: its last step, or the list item of that name that it is the value of. */
function nameIn(path: string): string {
  const steps = path.split('/').filter((step) => !/^[0-9]*$/.test(step));
  const [item = '', last = ''] = steps.length === 1 ? ['', steps[0]] : steps.slice(-2);
  const merged = /^(?:name|key)=(.+)$/.exec(item)?.[1];
  return last.toLowerCase() === 'value' && merged !== undefined ? merged : last;
}

/** `{name: DB_PASSWORD, value: …}`, and the word after `--password` in a list. */
function namedBeside(path: string, texts: ReadonlyMap<string, string>): string | undefined {
  const [, above = '', last = ''] = /^(.*)\/([^/]*)$/.exec(path) ?? [];
  if (/^value$/i.test(last))
    return ['name', 'key', 'Name', 'Key'].map((each) => texts.get(`${above}/${each}`)).find(Boolean);
  if (!/^[1-9][0-9]*$/.test(last)) return undefined;
  return /^--?([A-Za-z][\w-]*)$/.exec(texts.get(`${above}/${Number(last) - 1}`) ?? '')?.[1];
}

function isSecretName(name: string): boolean {
  const spaced = name.replaceAll(/([a-z])([A-Z])/g, '$1_$2');
  return NAMES.test(spaced) && !HARMLESS.test(spaced);
}

function isPointer(value: string): boolean {
  const trimmed = value.trim();
  return trimmed === '' || POINTERS.some((pattern) => pattern.test(trimmed));
}

/** Scripts, arguments, connection strings and JSON that stand in one value. */
function withinText(value: string, depth: number): string | undefined {
  const json = depth < MAX_DEPTH && /^\s*[[{]/.test(value) ? leavesWithin(value) : undefined;
  if (json !== undefined) {
    const texts = textsOf(json);
    for (const path of texts.keys()) {
      const why = looksSecret(path, texts, depth + 1);
      if (why !== undefined) return `${why} in JSON`;
    }
    return undefined;
  }
  for (const pattern of [ASSIGNED, FLAG])
    for (const [, name = '', quoted = ''] of value.matchAll(pattern)) {
      const assigned = quoted.replace(/^(["'])(.*)\1$/, '$2');
      const told = name.replace(/^-+/, '');
      if (!isSecretName(told) || assigned.length < SHORTEST || isPointer(assigned)) continue;
      if (!(assigned === quoted && CODE.test(assigned))) return `a text that assigns "${told}"`;
    }
  return undefined;
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

/**
 * Whether a text is one long word of more than 4.3 bits a character that mixes letters of both cases and digits, as
 * tokens do. Digests, identifiers and paths have less of one or another.
 */
function isRandom(value: string): boolean {
  if (!/^[A-Za-z0-9+/_=-]{24,512}$/.test(value) || /^[0-9a-f-]+$/i.test(value)) return false;
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !/[0-9]/.test(value) || value.includes('/'))
    return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits > 4.3;
}
