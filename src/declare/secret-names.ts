/**
 * Judges values by their names, and knows values that are no secret under any name: references to a secret, names of one,
 * placeholders, and words that choose how a secret is handled. The words are those of gitleaks' `generic-api-key`, and
 * of the programs and services whose configuration was read for spec/decisions.md 56 and 77.
 */

/** `password` in the languages that configuration is written in besides English. */
const PASSWORD =
  'passwort|kennwort|wachtwoord|contrase(?:ñ|n|ny)a|mot_?de_?passe|(?:^|[^a-z])(?:mdp|senha|parola|heslo|has[łl]o)';

/** Names of what is secret. */
const NAMES = new RegExp(
  [
    `(?:${PASSWORD})$`,
    String.raw`pass(?:word|wd|phrase|code)s?$`,
    String.raw`(?:^|[^a-z])(?:pw|pwd|pass|secret|token|credential|bearer|authorization|psk|(?:pre[_-]?shared|api|app|auth|access|account|private|secret|signing|shared|master|storage|encryption|session|hmac|jwt)[_-]?key|(?:logged[_-]?in|nonce)[_-]?key|secret[_-]?key[_-]?base|(?:auth|logged[_-]?in|nonce|password|secret)[_-]?salt|snmp[_-]?community|erlang[_-]?cookie)s?$`,
    // Written as one word.
    String.raw`(?:root|admin|bind|db|user|key|store|master|require|smtp|mail|ftp|mysql|pg|login|auth)_?(?:pw|pass)$|masterauth$`,
    String.raw`(?:client|jwt|app|api|consumer|session|cookie|shared|hmac|signing|webhook|auth)secret$`,
    String.raw`(?:api|access|auth|bearer|bot|deploy|identity|refresh|registry|session|user)token$`,
    String.raw`(?:api|access|secret|private|account|encryption)key$`,
  ].join('|'),
  'i',
);
/** Those of them whose values people type, and which can be a number. */
const TYPED = new RegExp(
  `pass(?:word|wd|phrase|code)$|(?:^|[^a-z])(?:pw|pwd|pass)$|secret$|(?:${PASSWORD})$`,
  'i',
);
/** Names that may be of a secret: then the value must look like one. */
const WEAK_NAMES = /(?:^|[^a-z])(?:[a-z]*key|auth|login|creds?|pat|pass|salt|pepper|secret[_-]?[a-z]+)$/i;
/** Names of a user and a password in one text, `user:password`. */
const PAIR_NAMES = /(?:^|[^a-z])(?:basic[_-]?auth|http[_-]?auth|auth|user[_-]?pass|creds?|credentials?)$/i;
/** Names with such words whose values are no secrets: they say how secrets are handled, or which one is meant. */
const HARMLESS =
  /^access[_-]control[_-](?:allow[_-](?:credentials|headers?|methods?|origins?|private)|expose[_-]headers?|max[_-]age|request[_-](?:headers?|method))|(?:^|_|-|\b)(?:existing|from_|public(?![_-]?pass)|[cx]srf(?![_-]?(?:pass|secret))|(?:host|kms|primary|foreign|partition|sort|cache)[_-]?key(?![_-]?pass)|fingerprint|s3[_-]?key$|object[_-]?key$|(?:max|min|num|next|page|id|continuation)[_-]tokens?$)|^(?:is|has|use|no|generate|require|enable|disable|allow|show|hide|forgot)_|(?:_|-|\b)(?:arn|id|name|path|file|length|policy|rotation|ttl|type|version|enabled|ref|(?:pull|tls|cert|certificate|ca)[_-]?secrets?)$/i;
/** Endings after the telling word: `PASSWORD_PROD`, `passwordHash`, `API_KEY_2`. */
const SUFFIX =
  /[_-]?(?:v?[0-9]{1,3}|(?<=[_-])(?:prod|production|dev|test|staging|old|new|current|previous|plain|plaintext|text|value|default|base64|b64|hash|hashed|bcrypt|bcrypted|encrypted))$/i;

/** Members whose values are names of secrets: `secrets: [db-password]` of compose, Swarm and Kubernetes. */
const HOLDERS = /(?:^|[^a-z])(?:secret|credential|token|key)s$/i;
/** A name: words, each with a number at most. */
const NAME = /^[A-Za-z]+(?:[-_./:][A-Za-z]+|[-_]?[0-9]{1,3}(?![0-9A-Za-z]))*$/;
/** Names under which charts give the member of a Secret: `passwordSecretKey: admin-user`. */
const MEMBER_NAMES = /[a-z]SecretKey$/;

/** Values that only point to a secret, or say that there is none, each whole. */
const POINTERS: readonly RegExp[] = [
  /^(?:arn|vault|ssm|secretsmanager|keyvault|kms|sops|file|env|op|ref\+[a-z]+):\S*$/i,
  // Encrypted for somebody: SOPS, eyaml, Ansible.
  /^ENC\[[A-Z0-9_]+,[^\]]*\]$|^\$ANSIBLE_VAULT;[0-9.]+;AES256[^\n]*\n[0-9a-f\s]+$/,
  /^@Microsoft\.KeyVault\([^()]*\)$/,
  /^(?:\.{0,2}|~)\/[\w./-]*$|^[A-Za-z]:\\[\w.\\ -]*$/,
  /^[a-z][a-z0-9+.-]*:\/\/[^@\s]*$/i,
  /^[*x.]+$|([x*#])\1{7}|^\{[\w. ]+\}$|^`[^`]*`$/i,
  /^(?:[~^]|[<>]=?)[0-9][0-9.x* |^~<>=-]*$/,
  /^[\w.~/-]+\.(?:asc|cer|cfg|conf|crt|csr|enc|env|gpg|ini|jks|json|key|p12|pem|pfx|properties|tfvars|txt|ya?ml)$/i,
  /^(?:projects\/[\w-]+\/secrets|secrets?|kv|vault)\/[\w./-]+(?:[#:][\w.-]+)?$/i,
  /^(?:var|local|module|data|each|self|random_password|aws_\w+|process\.env|os\.environ|env|secrets|values|params?|inputs?|config|settings)(?:\.[A-Za-z_][\w-]*|\[[^\]]*\])+$/i,
  // The name of a variable of the environment.
  /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/,
  /^\(?(?:sensitive value|known after apply)\)?$/,
];

/** References that stand in a value: shells, compose, Actions, Helm and Jinja, Azure, Concourse, Windows, Python, placeholders. */
const REFERENCES =
  /\$\{[^{}]*\}|\$\([^()]*\)|\$?\{\{[^{}]*\}\}|\(\([^()]*\)\)|%[A-Za-z_][A-Za-z_0-9]*%|%\([^()]*\)s|#\{[^{}]*\}#?|<[^<>]*>|@@\w+@@|\$[A-Z_][A-Z0-9_]{2,}(?![A-Za-z0-9_])|%[sqvd]/g;
/** A variable, as the whole of a value: `$tr0ngPassw0rd` is none. */
const VARIABLE = /^\$\$?(?:[A-Z_][A-Z0-9_]*|[A-Za-z_.]+|[a-z0-9]+(?:_[a-z0-9]+)+|[0-9])$/;
/** What a reference falls back to: `${DB_PASSWORD:-hunter2}`, `{{ pw | default('hunter2') }}`. */
const FALLBACK = /^\$\{[A-Za-z_0-9]+:?[-=]([^{}]*)\}$|\bdefault\(?\s*["']([^"']*)["']/;
/** A longer value is no reference, and no placeholder. */
const LONGEST_REFERENCE = 4_096;
const LONGEST_PLACEHOLDER = 200;

/** Words that stand where a secret will be, that name a kind of it, or that say how one is handled. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'true false none null nil undefined required optional disabled enabled redacted masked hidden removed omitted ' +
    'sanitized scrubbed censored sensitive placeholder dummy example sample todo fixme unset empty unused notused ' +
    'inherit default auto automatic generate generated random prompt static dynamic manual always never write read ' +
    'basic bearer oauth oauth2 header cookie query plain plaintext hashed encrypted bcrypt scrypt argon2 ' +
    'argon2id sha256 sha512 pbkdf2 md5 vault ldap saml oidc string text value varchar integer number boolean object array ' +
    'securestring public private changeit changeme changethis changed replaceme insertme fillme tobechanged'
  ).split(' '),
);
/** Kinds of secrets, as the last word of a name or placeholder: `db-password`, `your_api_key`. */
const KINDS = /^(?:password|passwd|passphrase|pass|pwd|pw|secret|token|key|apikey|credential|cred)s?$/;
/** Words of a sentence that tells how a secret has to be. */
const TELLS = /^(?:must|should|characters?|enter)$/;
const GLUED =
  /^(?:my|your|our|the|some|very|super|secret|top|test|example|dummy|fake|sample|default){0,3}(?:password|passwd|passphrase|secret|token|key|apikey|credential)s?$/;
const ASKED =
  /^(?:please)?(?:change|replace|update|edit|set|fill|insert|enter|put|provide|type)(?:me|this|it|in|with|your|here|the)$/;

/** Shorter values are not looked at: `none`, `on`. */
export const SHORTEST = 5;
/** As many digits are a secret of any name; fewer may count something. */
const DIGITS = 8;

/** Whether a value is a secret because its name says so. */
export function isSecretBy(name: string, value: string): boolean {
  if (value.length < SHORTEST || !isSecretName(name) || /^(.)\1+$/.test(value)) return false;
  if (/^[0-9]+$/.test(value))
    return TYPED.test(coreOf(name)) || (value.length >= DIGITS && !name.endsWith('s'));
  if (isPointer(value)) return false;
  return !(MEMBER_NAMES.test(name) && /^[a-z]+(?:[-_.][a-z]+)*$/i.test(value));
}

/** Whether the name may be of a secret, so that an opaque value is one. */
export function isWeakName(name: string): boolean {
  return WEAK_NAMES.test(spacedOf(name)) && !HARMLESS.test(spacedOf(name));
}

/** Whether a name and a value are those of `auth: user:password`. */
export function isPair(name: string, value: string): boolean {
  const [, password] = /^[^\s:/]{1,128}:([^\s:/]{5,256})$/.exec(value) ?? [];
  if (password === undefined || !PAIR_NAMES.test(spacedOf(name))) return false;
  return /[^a-z-]/.test(password) && !isPointer(password);
}

/** Whether a value is an item of a list that holds names of secrets, or the only one: `secrets: inherit`. */
export function isNameOfSecret(path: string, name: string, value: string): boolean {
  const isItem = /\/[0-9]+$/.test(path);
  return (isItem ? HOLDERS : /(?:secret|credential)s$/i).test(name) && NAME.test(value);
}

export function isSecretName(name: string): boolean {
  const spaced = spacedOf(name);
  return NAMES.test(coreOf(name)) && !HARMLESS.test(spaced) && !HARMLESS.test(coreOf(name));
}

/** `masterPassword` as `master_Password`. */
function spacedOf(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1_$2');
}

/** A name without what stands behind the word that counts. */
function coreOf(name: string): string {
  return spacedOf(name).replace(SUFFIX, '');
}

/** Whether a value is no secret itself: a reference, a placeholder, or little else besides references. */
export function isPointer(value: string): boolean {
  const trimmed = value.trim();
  if (trimmed === '' || VARIABLE.test(trimmed) || POINTERS.some((pattern) => pattern.test(trimmed)))
    return true;
  if (trimmed.length <= LONGEST_PLACEHOLDER && isPlaceholder(trimmed)) return true;
  if (trimmed.length > LONGEST_REFERENCE) return false;
  const [, shell, jinja] = FALLBACK.exec(trimmed) ?? [];
  const fallback = shell ?? jinja;
  if (fallback !== undefined && fallback.length >= SHORTEST && !isPointer(fallback)) return false;
  const rest = trimmed.replaceAll(REFERENCES, '');
  if (rest === trimmed) return false;
  return rest.replaceAll(/bearer|basic|token|[^A-Za-z0-9]/gi, '').length < SHORTEST;
}

/** Whether a value is made of words that stand for a secret or tell of one, all of letters. */
function isPlaceholder(value: string): boolean {
  const bare = value.replace(/^[<[({*_]+/, '').replace(/[>\])}*_]+$/, '');
  const words = spacedOf(bare)
    .toLowerCase()
    .split(/[-_\s.,:]+/);
  const joined = words.join('');
  if (bare === '' || WORDS.has(words.join('_')) || WORDS.has(joined) || GLUED.test(joined)) return true;
  if (words.some((word) => /^(?:placeholder|redacted|changeme|dummy|fixme)$/.test(word))) return true;
  if (ASKED.test(words.slice(0, 2).join('')) || ASKED.test(joined)) return true;
  // A sentence about it.
  if (/\s/.test(bare))
    return (
      /^[A-Z0-9a-z ,.:;?'-]+$/.test(bare) &&
      words.length > 2 &&
      words.some((word) => KINDS.test(word) || TELLS.test(word))
    );
  if (!words.every((word) => /^[a-z]+$/.test(word))) return words[0] === 'redacted';
  const last = words.at(-1) === 'here' ? words.at(-2) : words.at(-1);
  return /^(?:your|none)$/.test(words[0] ?? '') || (last !== undefined && KINDS.test(last));
}
