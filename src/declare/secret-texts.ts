/**
 * Secrets within a text: scripts, command lines, headers, connection strings, XML and other configuration in one value.
 * Each pattern takes time proportional to the text: its repetitions are bounded, or cannot start again within a match.
 */
import { isBasic } from './secret-base64.ts';
import { passwordsIn, passwordsInCommands } from './secret-commands.ts';
import { isPointer, isSecretBy, isSecretName, isWeakName, SHORTEST } from './secret-names.ts';
import { isOpaque, isRandom } from './secret-random.ts';

/** Why a text contains a secret; undefined if none was found. */
export function secretWithin(text: string): string | undefined {
  return (
    inUrl(text) ??
    inHeader(text) ??
    assignedIn(text) ??
    statedIn(text) ??
    inCommand(passwordsInCommands(text))
  );
}

/** Why the last of some words, the items of one list, is a secret. */
export function secretArgument(words: readonly string[]): string | undefined {
  const before = new Set(passwordsIn(words.slice(0, -1)));
  return inCommand([...passwordsIn(words)].filter((each) => !before.has(each)));
}

function inCommand(passwords: Iterable<string>): string | undefined {
  for (const each of passwords)
    if (each.length >= SHORTEST && !isPointer(each) && !isCode(each))
      return 'a command line with a password in it';
  return undefined;
}

/** What follows the scheme of a URL. */
const AFTER_SCHEME = /(?<=[a-z0-9+.-]):\/\/([^\s"'<>]+)/gi;
/** `user:password@`, where no port stands. A user can be an address, a password can have slashes: not both. */
const PASSWORD = /^[^:@/[\]]{0,255}:(?![0-9]{1,5}(?:[/?#,]|$))([^@]{1,512})@|^[^:/[\]]{0,255}:([^/]{1,512})@/;
/** `token@host`. */
const USER = /^([^/:@]{20,512})@([^/:@]*)/;
/** Names of keys that are meant to be public: those of a Sentry DSN, by its documentation. */
const PUBLIC_HOSTS = /(?:^|\.)(?:ingest\.[a-z]+\.)?sentry\.io$|^sentry\./i;

/** A URL with a password, or with a token in the place of the user. */
export function inUrl(text: string): string | undefined {
  for (const [, run = ''] of text.matchAll(AFTER_SCHEME))
    // One URL may stand in another, or behind it.
    for (const rest of run.split('://')) {
      const [, some, whole] = PASSWORD.exec(rest) ?? [];
      const password = some ?? whole;
      if (password !== undefined && isUrlPassword(password)) return 'a URL with a password in it';
      const [, token = '', host = ''] = USER.exec(rest) ?? [];
      if (isOpaque(token) && !PUBLIC_HOSTS.test(host)) return 'a URL with a token in it';
    }
  return undefined;
}

/** References can stand for the port: `http://host:${PORT}/@scope`. */
function isUrlPassword(text: string): boolean {
  return /\w\W*\w\W*\w/.test(text) && !/^[^/]*[${}%][^/]*\//.test(text) && !isPointer(text);
}

/** A header with credentials (gitleaks: curl-auth-header). */
const HEADER =
  /\bauthorization["']?[ \t]{0,20}[:=][ \t]{0,20}["']?(?:bearer|basic|token|api-?token|apikey|ssws|splunk|bot|geniekey|digest)[ \t]{1,20}([^\s"',;]{8,4096})/gi;
/** The value of such a header, alone. */
const CREDENTIALS = /^(?:bearer|basic|token|apikey|ssws|splunk|geniekey)[ \t]+(\S{8,4096})$/i;

function inHeader(text: string): string | undefined {
  for (const [, told = ''] of text.matchAll(HEADER))
    if (!/^[[<{$%]|^(?:password|token)$/i.test(told) && !isPointer(told))
      return 'a text with credentials in it';
  const [, alone = ''] = CREDENTIALS.exec(text) ?? [];
  return alone !== '' && (isOpaque(alone) || isBasic(alone)) ? 'credentials of a header' : undefined;
}

const QUOTED = String.raw`\\{0,3}"([^"\n]{0,4096})"|\\{0,3}'([^'\n]{0,4096})'`;
/** A name before its value: `export DB_PASSWORD=…`, `--password=…`, `Password=…;`, `"token": "…"`, `'password' => '…'`. */
const ASSIGNED =
  /(?<![A-Za-z0-9_.-])["']?([A-Za-z_-][A-Za-z0-9_.-]*)(?:\\{0,3}["'])?(?:[ \t]{0,20}(?:\?|:{1,3})?=>?[ \t]{0,20}|[ \t]{0,20}:[ \t]+|:(?=\\{0,3}["']))/g;
/** A flag, before its value as the next word. */
const FLAG = /(?<!\S)--?([A-Za-z][A-Za-z0-9_-]*)[ \t]{1,20}(?=[^\s-])/g;
/** The value, from where the name ended: names within it are looked for too. */
const VALUE = /\\{0,3}"([^"\n]{0,4096})"|\\{0,3}'([^'\n]{0,4096})'|([^\s"';,&`]{1,512})/y;
/** What follows the first word of a sentence, or a function of a template. */
const GOES_ON = /^ (?:["'$(.]|[A-Za-z]{1,30}[ .,])/;
/** `name: DB_PASSWORD, value: …` in lines of their own or in one; `<add key="Password" value="…"/>` (gitleaks: nuget-config-password). */
const NAMED = new RegExp(
  String.raw`\b(?:name|key|Name|Key|ParameterKey)["']?\s{0,20}[:=]\s{0,20}["']?([A-Za-z][\w.-]{0,127})["']?\s{0,20},?\s{0,80}["']?(?:value|Value|ParameterValue|default)["']?\s{0,20}[:=]\s{0,20}(?:${QUOTED}|([^\s"',;]{1,512}))`,
  'g',
);
/** `<password>…</password>`, `<entry key="password">…</entry>`. */
const ELEMENT =
  /<(?:[\w-]{1,64}:)?([A-Za-z_][\w.-]{0,127})(?:\s[^<>]{0,512})?>\s{0,80}(?:<!\[CDATA\[)?([^<>\s][^<>]{0,4096}?)(?:\]\]>)?<\//g;
const ENTRY =
  /\b(?:key|name)=["']([\w.-]{1,128})["'][^<>]{0,256}>\s{0,80}(?:<!\[CDATA\[)?([^<>\s][^<>]{0,4096}?)(?:\]\]>)?<\//g;
/** YAML: a value on the line below its name. */
const BELOW =
  /^[ \t]{0,80}["']?([\w.-]{1,128})["']?:[ \t]{0,20}(?:[|>][+-]?)?[ \t]{0,20}\r?\n[ \t]{1,80}(?=\S{0,64}[^A-Za-z\s])([^\s:{}[\]"'#-][^\s:{}]{4,512})[ \t]{0,80}$/gm;
/** `define('DB_PASSWORD', '…')`, `getenv("DB_PASSWORD", "…")`. */
const CALL =
  /\b(?:define|putenv|setenv|getenv|environ\.get|env|set|setProperty|setPassword)\(\s{0,20}["']([\w.-]{1,128})["']\s{0,20},\s{0,20}(?:"([^"\n]{1,512})"|'([^'\n]{1,512})')/g;
/** `variable "db_password" { default = "…" }` (gitleaks: hashicorp-tf-password). */
const DEFAULT =
  /\bvariable[ \t]{1,20}"([\w-]{1,128})"\s{0,20}\{[^{}]{0,1024}?\bdefault[ \t]{0,20}=[ \t]{0,20}"([^"\n]{1,512})"/g;
/** `requirepass …`, `password …`, `ENV DB_PASSWORD …`: a line of two words. */
const LINE =
  /^[ \t]{0,80}(?:(?:ENV|ARG|export|setx?|setenv)[ \t]{1,20})?([A-Za-z][\w.-]{2,127})[ \t]{1,80}([^\s"'=:{}()]{5,512})[ \t;]{0,80}$/gm;

/** A longer word is none of a sentence. */
const LONGEST_WORD = 40;

/** Code in place of a value: a number, a variable, a call. */
const CODE =
  /^[0-9.]+[a-z]?$|^[A-Za-z_]+(?:\.[A-Za-z_]+|\[[^\]]*\])+$|^!?[A-Za-z_.]+[([]|^\W?\$\([^)]*$|^`|^\/.*\\|^\([A-Za-z]/;

/** A call within quotes that has quotes of its own: `"$(cat "$FILE")"`. */
const CALLED = /^\W?(?:\$\([^)]*|\$\{[^}]*|\{\{[^}]*)$/;

function isCode(value: string): boolean {
  return CODE.test(value) && !/^[0-9]+$/.test(value);
}

/** Assignments in the forms above. */
function assignedIn(text: string): string | undefined {
  for (const pattern of [ASSIGNED, FLAG])
    for (const { 0: all, 1: name = '', index } of text.matchAll(pattern)) {
      if (!isSecretName(name) && !isWeakName(name)) continue;
      VALUE.lastIndex = index + all.length;
      const [, double, single, bare] = VALUE.exec(text) ?? [];
      const after = text.slice(VALUE.lastIndex, VALUE.lastIndex + LONGEST_WORD);
      const isProse = /[:=][ \t]+$/.test(all) && /^[A-Za-z]+$/.test(bare ?? '') && GOES_ON.test(after);
      const why = isProse ? undefined : whyOf(name, double || single, bare);
      if (why !== undefined) return why;
    }
  for (const pattern of [NAMED, ELEMENT, ENTRY, BELOW, CALL, DEFAULT])
    for (const [, name = '', double, single, bare] of text.matchAll(pattern)) {
      const why = whyOf(name, double || single, bare);
      if (why !== undefined) return why;
    }
  // In prose two words of a line are no assignment.
  for (const [, name = '', value = ''] of text.matchAll(LINE))
    if (/[0-9]/.test(value) && /[a-z]/i.test(value) && isSecretBy(name, value)) return assigns(name);
  return undefined;
}

function assigns(name: string): string {
  return `a text that assigns "${name.replace(/^-+/, '')}"`;
}

/** Why a value is a secret, which stands in quotes or bare. */
function whyOf(name: string, quoted: string | undefined, bare = ''): string | undefined {
  const value = quoted || bare;
  const isHeader = /authorization$/i.test(name);
  if (isHeader && isOpaque(value)) return 'a text with credentials in it';
  // Of a header the value is its last word.
  if (isHeader || (quoted ? CALLED.test(quoted) : isCode(bare))) return undefined;
  return isSecretBy(name, value.replace(/\\{1,3}$/, '')) || isToken(name, value) ? assigns(name) : undefined;
}

/** Whether a value looks like a token, and its name may be of one. */
function isToken(name: string, value: string): boolean {
  if (value.length < 12 || !isWeakName(name)) return false;
  return /auth$/i.test(name)
    ? isBasic(value)
    : value.length >= 32 && (isRandom(value) || /^[0-9a-f]{32,128}$/i.test(value));
}

/**
 * Credentials in the syntax of one program, each with its manual. The first group is the secret, which has more than letters
 * where prose could stand.
 */
const STATEMENTS: readonly (readonly [RegExp, string])[] = [
  // netrc(5)
  [
    /(?:^[ \t]{0,80}|["'])(?:machine\s{1,20}[^\s,]{1,255}|default)\s{1,80}login\s{1,20}\S{1,255}\s{1,80}password\s{1,20}(\S{5,255})/gm,
    'a line of .netrc',
  ],
  // HAProxy's userlist, and configuration of network devices.
  [
    /\b(?:login|user|username)[ \t]{1,20}\S{1,255}[ \t]{1,20}(?:insecure-)?password[ \t]{1,20}(?=\S{0,255}[^A-Za-z\s.,;:!?])(\S{5,255})/g,
    'a user with a password',
  ],
  [
    /\bvault[ \t]{1,20}login[ \t]{1,20}(?=[A-Za-z]{0,64}[^A-Za-z\s])([A-Za-z0-9][\w.-]{7,255})/g,
    'a command line with a token in it',
  ],
  // rabbitmqctl(8), htpasswd(1) -b
  [
    /\brabbitmqctl[ \t]{1,20}(?:add_user|change_password)[ \t]{1,20}\S{1,255}[ \t]{1,20}(\S{5,255})/g,
    'a command line with a password in it',
  ],
  [
    /\bhtpasswd[ \t]{1,20}-[A-Za-z]{0,8}b[A-Za-z]{0,8}(?:[ \t]{1,20}[^\s;&|]{1,255}){1,2}[ \t]{1,20}([^\s;&|]{5,255})/g,
    'a command line with a password in it',
  ],
  // PostgreSQL, "The Password File": host:port:database:user:password
  [/^[\w.*-]{1,255}:(?:[0-9]{1,5}|\*):[\w.*-]{1,63}:[\w.*-]{1,63}:(\S{5,255})$/gm, 'a line of .pgpass'],
  // CREATE USER … IDENTIFIED BY '…', ALTER ROLE … PASSWORD '…', SET PASSWORD = PASSWORD('…')
  [
    /(?<!['"\w-])(?:identified\s{1,20}(?:with\s{1,20}\S{1,63}\s{1,20})?by|password)[ \t(]{1,20}(?:'([^'\n]{5,255})'|"([^"\n]{5,255})")/gi,
    'SQL with a password in it',
  ],
  // Cisco IOS: password and secret with the type of what follows.
  [
    /\b(?:password|secret|key)[ \t]{1,20}(?:0|5|7|8|9)[ \t]{1,20}(?=\S{0,255}[^A-Za-z\s.,;:!?])(\S{5,255})/g,
    'a password of a network device',
  ],
  [/\bjdbc:oracle:thin:[^\s/@:]{1,128}\/([^\s@/]{5,255})@/g, 'a URL with a password in it'],
  // What is piped to a program that reads a password.
  [
    /\becho[ \t]{1,20}(?:-n[ \t]{1,20})?["']?(?:[\w.-]{1,64}:)?([^\s"'|$`]{5,255})["']?[ \t]{0,20}\|[^\n|]{0,200}(?:--password-stdin|--stdin\b|\bchpasswd\b|\bsudo[ \t]{1,20}-S)/g,
    'a command line with a password in it',
  ],
  // aws configure set
  [
    /\baws_(?:secret_access_key|session_token)[ \t]{1,20}([A-Za-z0-9+/=]{16,2048})/g,
    'an AWS secret access key',
  ],
];

function statedIn(text: string): string | undefined {
  for (const [pattern, what] of STATEMENTS)
    for (const [, first, second] of text.matchAll(pattern)) {
      const secret = first ?? second ?? '';
      if (!isPointer(secret) && !isCode(secret)) return what;
    }
  return undefined;
}
