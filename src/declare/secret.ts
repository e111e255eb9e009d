/**
 * Secrets nobody marked. Everything in a declaration is salted, so no secret is logged; but whoever opens a leaf
 * later shows its value, and the owner's file holds it. So what looks like a secret is refused until somebody says
 * that it is one (then it is never shown) or that it is none. A name may stand in the path, beside the value, or in it.
 */
import { Refusal } from '../bytes/refusal.ts';
import { decodeUtf8, parseBase64 } from '../bytes/text.ts';
import { secretForm } from './detector.ts';
import { parseJson } from './json.ts';
import { Leaves, type DeclaredLeaf } from './leaf.ts';

/** Names of what is secret. */
const NAMES =
  /(?:pass(?:word|wd|phrase))s?$|(?:^|[^a-z])(?:pw|pwd|pass(?:code)?|secret|token|credential|bearer|authorization|(?:api|app|auth|access|account|private|secret|signing|shared|master|storage|encryption)[_-]?key)s?$/i;
/** Names that may be of a secret: then the value must look like one. */
const WEAK_NAMES = /(?:^|[^a-z])(?:[a-z]*key|auth|login|creds?|pat|pass|secret[_-]?[a-z]+)$/i;
/** Such names that are none: they say how secrets are handled, or which one is meant. */
const HARMLESS =
  /(?:^|_|-|\b)(?:existing|from_|public|csrf|xsrf|host|kms|primary|foreign|partition|sort|cache|finger)|(?:_|-|\b)(?:arn|id|name|path|file|length|policy|rotation|ttl|type|version|enabled|ref|(?:pull|tls|cert|certificate|ca)[_-]?secrets?)$/i;
/** A UUID, or at least 32 digits of one alphabet: of a weak name, a secret. */
const OPAQUE =
  /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,128}|(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])[A-Za-z0-9+/_=-]{32,256})$/i;
/** What holds names of secrets, and not secrets: `secrets: [db-password]` of compose, Swarm and Kubernetes. */
const HOLDERS = /(?:^|[^a-z])(?:secret|credential|token|key)s$/i;
/** A name: words, each with a number at most. */
const NAME = /^[A-Za-z]+(?:[-_./:][A-Za-z]+|[-_]?[0-9]{1,3}(?![0-9A-Za-z]))*$/;
/** Shorter values are not looked at: `none`, `on`. */
const SHORTEST = 5;

/** Values that only point to a secret, or say that there is none, each whole. */
const POINTERS: readonly RegExp[] = [
  /^(?:arn|vault|ssm|secretsmanager|file|env|op|ref\+[a-z]+):\S*$/i,
  // Encrypted for somebody: SOPS, eyaml, Ansible.
  /^ENC\[[A-Z0-9_]+,[^\]]*\]$|^\$ANSIBLE_VAULT;[0-9.]+;AES256[^\n]*\n[0-9a-f\s]+$/,
  /^@Microsoft\.KeyVault\([^()]*\)$/,
  /^(?:\.{0,2}|~)\/[\w./-]*$|^[A-Za-z]:\\[\w.\\ -]*$/,
  /^[a-z][a-z0-9+.-]*:\/\/[^@\s]*$/i,
  /^(?:true|false|none|null|nil|undefined|required|optional|disabled|enabled|redacted)$/i,
  /^[*x.]+$|([x*#])\1{7}|^\{[\w. ]+\}$|^`[^`]*`$/i,
  /^(?:[~^]|[<>]=?)[0-9][0-9.x* |^~<>=-]*$/,
];

/** References that stand in a value: shells, compose, Actions, Helm and Jinja, Azure, Concourse, Windows, placeholders. */
const REFERENCES =
  /\$\{[^{}]*\}|\$\([^()]*\)|\$?\{\{[^{}]*\}\}|\(\([^()]*\)\)|%[A-Za-z_][A-Za-z_0-9]*%|#\{[^{}]*\}#?|<[^<>]*>/g;
/** A variable, as the whole of a value: `$tr0ngPassw0rd` is none. */
const VARIABLE = /^\$(?:[A-Z_][A-Z0-9_]*|[A-Za-z_.]+|[0-9])$/;
/** What a reference falls back to: `${DB_PASSWORD:-hunter2}`, `{{ pw | default('hunter2') }}`. */
const FALLBACK = /^\$\{[A-Za-z_0-9]+:?[-=]([^{}]*)\}$|\bdefault\(?\s*["']([^"']*)["']/;
/** A longer value is no reference. */
const LONGEST_REFERENCE = 4_096;

const URL_PASSWORD = /(?<![a-z0-9+.-])[a-z0-9+.-]+:\/\/[^\s/:@]*:([^\s/@]+)@/gi;

/** A name and its value within a text: `export DB_PASSWORD=…`, `--password=…`, `Password=…;`, `"token": "…"`. */
const ASSIGNED =
  /(?<![A-Za-z0-9_.$-])["']?([A-Za-z_-][A-Za-z0-9_.-]*)["']?(?:[ \t]*(?:\?|:{1,3})?=[ \t]*|:[ \t]+|:(?=["']))("[^"\n]*"|'[^'\n]*'|[^\s"';,&]+)/g;
/** A flag, and its value as the next word. */
const FLAG = /(?<!\S)--?([A-Za-z][A-Za-z0-9_-]*)[ \t]+("[^"\n]*"|'[^'\n]*'|[^\s"'-][^\s"']*)/g;
/** A header with credentials, and what `curl --user` takes: name and password. */
const HEADER =
  /\bauthorization["']?[ \t]*[:=][ \t]*["']?(?:(?:bearer|basic|token|api-token)[ \t]+)([^\s"',;]{8,})/i;
const CURL = /\bcurl\b[^\n]{0,500}?[ \t](?:-u|--user)[ \t=]*["']?[^\s"':$]*:["']?([^\s"']{5,})/;
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
  const form = secretForm(value) ?? passwordInUrl(value);
  if (form !== undefined) return form;
  const name = namedBeside(path, texts) ?? nameIn(path);
  if (
    isSecretName(name) &&
    value.length >= SHORTEST &&
    !isPointer(value) &&
    !isNameOfSecret(path, name, value)
  )
    return `the value of "${name}"`;
  if (OPAQUE.test(value) && WEAK_NAMES.test(spacedOf(name)) && !HARMLESS.test(spacedOf(name)))
    return `the value of "${name}"`;
  const plain = depth < MAX_DEPTH ? textOfBase64(value) : undefined;
  if (plain !== undefined && /^_?auth$/i.test(name) && CREDENTIALS.test(plain))
    return `the value of "${name}"`;
  if (plain !== undefined) return looksSecret('/', new Map([['/', plain]]), depth + 1);
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
  return NAMES.test(spacedOf(name)) && !HARMLESS.test(spacedOf(name));
}

/** `masterPassword` as `master_Password`. */
function spacedOf(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1_$2');
}

/** What docker and npm keep under `auth`: the base64 of a name and a password. */
const CREDENTIALS = /^[^\s:]+:[^\s:]{5,}$/;
/** A longer text is not joined. */
const MAX_BASE64 = 1_048_576;

/** What a value is the base64 of, where that is a text that people can read: `data` of a Secret or a ConfigMap. */
function textOfBase64(value: string): string | undefined {
  // `base64` and PEM break their lines.
  const joined = value.length < MAX_BASE64 ? value.replaceAll(/[\r\n]+[ \t]*/g, '') : value;
  if (joined.length < 8 || joined.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(joined))
    return undefined;
  try {
    const text = decodeUtf8(parseBase64(joined));
    return /^[\x20-\x7e\s]+$/.test(text) ? text : undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** Whether a value is an item of a list that holds names of secrets, or the only one: `secrets: inherit`. */
function isNameOfSecret(path: string, name: string, value: string): boolean {
  const isItem = /\/[0-9]+$/.test(path);
  return (isItem ? HOLDERS : /(?:secret|credential)s$/i).test(name) && NAME.test(value);
}

/** Whether nothing of a value is left to keep, its references taken out. */
function isPointer(value: string): boolean {
  const trimmed = value.trim();
  if (trimmed === '' || VARIABLE.test(trimmed) || POINTERS.some((pattern) => pattern.test(trimmed)))
    return true;
  if (trimmed.length > LONGEST_REFERENCE) return false;
  const [, shell, jinja] = FALLBACK.exec(trimmed) ?? [];
  const fallback = shell ?? jinja;
  if (fallback !== undefined && fallback.length >= SHORTEST && fallback.search(REFERENCES) < 0) return false;
  const rest = trimmed.replaceAll(REFERENCES, '');
  if (rest === trimmed) return false;
  return rest.replaceAll(/bearer|basic|token|[^A-Za-z0-9]/gi, '').length < SHORTEST;
}

/** `scheme://user:password@host`, where the password is none of the references. */
function passwordInUrl(value: string): string | undefined {
  for (const [, password = ''] of value.matchAll(URL_PASSWORD))
    if (!isPointer(password)) return 'a URL with a password in it';
  return undefined;
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
  const header = HEADER.exec(value)?.[1] ?? CURL.exec(value)?.[1];
  if (header !== undefined && !/^[[<{$%]|^(?:password|token)$/i.test(header) && !isPointer(header))
    return 'a text with credentials in it';
  for (const pattern of [ASSIGNED, FLAG])
    for (const [, name = '', quoted = ''] of value.matchAll(pattern)) {
      const assigned = quoted.replace(/^(["'])(.*)\1$/, '$2');
      const told = name.replace(/^-+/, '');
      if (
        !isSecretName(told) ||
        /authorization$/i.test(told) ||
        assigned.length < SHORTEST ||
        isPointer(assigned)
      )
        continue;
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
  if (/^(?:md5|sha(?:1|224|256|384|512))[-:=]/i.test(value)) return false;
  if (!/^[A-Za-z0-9+/_=-]{24,512}$/.test(value) || /^[0-9a-f-]+$/i.test(value)) return false;
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !/[0-9][^0-9]*[0-9]/.test(value) || value.includes('/'))
    return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits > 4.3;
}
