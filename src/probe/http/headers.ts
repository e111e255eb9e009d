/**
 * Decides which headers of an answer may leave the agent, and in which form: those whose values are by definition words,
 * numbers, dates and host names. Every other value, and every value of another form, is withheld: addresses can carry tokens
 * (`location`), a realm is free text, and headers of an application may hold anything. The owner of the target can name
 * others (`tell`). As of 2026-11: RFC 9110, RFC 9111, RFC 6797, CSP 3, Fetch, Permissions Policy.
 */

type Form = (value: string) => string | undefined;

const matching =
  (pattern: RegExp): Form =>
  (value) =>
    pattern.test(value) ? value : undefined;

/** A list of words, separated by commas; each with a number where `=` follows. */
const words = (...all: readonly string[]): Form =>
  matching(new RegExp(`^(?:${all.join('|')})(?:\\s*,\\s*(?:${all.join('|')}))*$`, 'i'));

const ORIGIN = '(?:https?|wss?)://(?:\\*\\.)?[a-z0-9](?:[a-z0-9.-]{0,251})(?::[0-9]{1,5})?';
const DATE = matching(/^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$/);
const NUMBER = matching(/^[0-9]{1,15}$/);
const either =
  (...forms: readonly Form[]): Form =>
  (value) =>
    forms.map((form) => form(value)).find((each) => each !== undefined);

/** A product, letters alone, and the digits of its version: `nginx/1.26.3 (Ubuntu)`. */
const PRODUCT = matching(
  /^[A-Za-z][A-Za-z_.-]{0,30}(?:\/[0-9]{1,4}(?:\.[0-9]{1,5}){0,3}[a-z]?)?(?: \([A-Za-z]{1,20}\))?$/,
);
const POLICY = words(
  'same-origin(?:-allow-popups)?',
  'same-site',
  'cross-origin',
  'unsafe-none',
  'require-corp',
  'credentialless',
  'noopener-allow-popups',
);
const METHODS = words('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'CONNECT', 'TRACE', '\\*');
const NAMES = matching(/^[a-z][a-z-]{0,40}(?:\s*,\s*[a-z][a-z-]{0,40})*$|^\*$/i);

const FORMS: Readonly<Record<string, Form>> = {
  'accept-ranges': words('bytes', 'none'),
  'access-control-allow-credentials': words('true'),
  'access-control-allow-headers': NAMES,
  'access-control-allow-methods': METHODS,
  'access-control-allow-origin': matching(new RegExp(`^(?:\\*|null|${ORIGIN})$`, 'i')),
  'access-control-max-age': NUMBER,
  age: NUMBER,
  allow: METHODS,
  'cache-control': words(
    'no-store',
    'no-cache',
    'no-transform',
    'must-revalidate',
    'proxy-revalidate',
    'must-understand',
    'private',
    'public',
    'immutable',
    '(?:s-maxage|max-age|stale-while-revalidate|stale-if-error)=[0-9]{1,12}',
  ),
  connection: words('keep-alive', 'close', 'upgrade'),
  'content-encoding': words('gzip', 'br', 'deflate', 'zstd', 'identity'),
  'content-length': NUMBER,
  'content-security-policy': contentPolicy,
  'content-security-policy-report-only': contentPolicy,
  'content-type': matching(
    /^(?:text|application|image|audio|video|font|model|message|multipart)\/[a-z][a-z.+-]{0,60}(?:\s*;\s*charset="?(?:utf-8|us-ascii|iso-8859-[0-9]{1,2}|windows-125[0-9])"?)?$/i,
  ),
  'cross-origin-embedder-policy': POLICY,
  'cross-origin-opener-policy': POLICY,
  'cross-origin-resource-policy': POLICY,
  date: DATE,
  expires: either(DATE, matching(/^(?:0|-1)$/)),
  'last-modified': DATE,
  'origin-agent-cluster': matching(/^\?[01]$/),
  'permissions-policy': matching(
    new RegExp(
      `^(?:[a-z-]{3,40}=(?:\\*|self|\\((?:\\s*(?:self|src|\\*|"${ORIGIN}"))*\\s*\\))\\s*,?\\s*)+$`,
      'i',
    ),
  ),
  pragma: words('no-cache'),
  'referrer-policy': words(
    'no-referrer(?:-when-downgrade)?',
    'same-origin',
    'origin',
    'strict-origin(?:-when-cross-origin)?',
    'origin-when-cross-origin',
    'unsafe-url',
  ),
  'retry-after': either(NUMBER, DATE),
  server: PRODUCT,
  'strict-transport-security': matching(
    /^(?:\s*(?:max-age="?[0-9]{1,12}"?|includesubdomains|preload)\s*(?:;|$))+$/i,
  ),
  'transfer-encoding': words('chunked', 'gzip', 'deflate', 'identity'),
  vary: NAMES,
  'x-content-type-options': words('nosniff'),
  'x-dns-prefetch-control': words('on', 'off'),
  'x-frame-options': words('deny', 'sameorigin'),
  'x-permitted-cross-domain-policies': words('none', 'master-only', 'by-content-type', 'all'),
  'x-powered-by': PRODUCT,
  'x-xss-protection': matching(/^[01](?:\s*;\s*mode=block)?$/i),
  ...Object.fromEntries(
    ['limit', 'remaining', 'reset'].flatMap((each) => [
      [`x-ratelimit-${each}`, NUMBER],
      [`ratelimit-${each}`, NUMBER],
    ]),
  ),
};

/** Headers whose values leave the agent if they have the defined form. */
export const TOLD_HEADERS: readonly string[] = Object.keys(FORMS);

/** A header's values as they may leave; undefined: withheld. `byOwner`: the target's owner says that they hold no secret. */
export function headerText(name: string, values: readonly string[], byOwner: boolean): string | undefined {
  // A cookie's value counts as a secret, whatever the owner says; names and flags are in `cookies`.
  if (name === 'set-cookie') return undefined;
  if (byOwner) return matching(/^[\x20-\x7e]{0,8192}$/)(values.join(', '));
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  const told = values.map((value) => form?.(value.trim()));
  return told.includes(undefined) ? undefined : told.join(', ');
}

const DIRECTIVES =
  /^(?:(?:base|child|connect|default|fenced-frame|font|form|frame|img|manifest|media|navigate|object|prefetch|script|style|worker)-(?:src|uri|action|to)|script-src-(?:elem|attr)|style-src-(?:elem|attr)|frame-ancestors|sandbox|upgrade-insecure-requests|block-all-mixed-content|require-trusted-types-for|trusted-types|report-to|report-uri)$/;
const KEYWORD =
  /^'(?:self|none|unsafe-inline|unsafe-eval|unsafe-hashes|strict-dynamic|report-sample|wasm-unsafe-eval|inline-speculation-rules|script|allow-duplicates)'$/;
const HOST = new RegExp(
  `^(?:(${ORIGIN})|\\*|(?:\\*\\.)?[a-z0-9-]+(?:\\.[a-z0-9-]+)+(?::(?:[0-9]{1,5}|\\*))?)(/.*)?$`,
  'i',
);

/** A Content-Security-Policy without parts that may hold anything: of nonces and hashes only the kind stays, paths go. */
function contentPolicy(value: string): string | undefined {
  const told = value.split(';').map((part) => {
    const [name = '', ...sources] = part.trim().split(/\s+/);
    if (name === '' && sources.length === 0) return '';
    if (!DIRECTIVES.test(name.toLowerCase())) return undefined;
    // Where reports go may have a key in it.
    if (/^report-/i.test(name)) return name;
    const shown = sources.map(sourceOf);
    return shown.includes(undefined) ? undefined : [name, ...shown].join(' ');
  });
  return told.includes(undefined) ? undefined : told.filter((each) => each !== '').join('; ');
}

function sourceOf(source: string): string | undefined {
  const [, kind] = /^'(nonce|sha256|sha384|sha512)-[A-Za-z0-9+/_=-]{1,200}'$/.exec(source) ?? [];
  if (kind !== undefined) return `'${kind}-'`;
  if (KEYWORD.test(source) || /^(?:https?|wss?|data|blob|filesystem|mediastream):$/i.test(source))
    return source;
  if (/^allow-[a-z-]{3,40}$/.test(source)) return source;
  const [, , path] = HOST.exec(source) ?? [];
  return HOST.test(source) ? source.slice(0, source.length - (path ?? '').length) : undefined;
}

/** Schemes of authentication (IANA), as a server may ask for them. */
const SCHEMES = [
  'Basic',
  'Bearer',
  'Concealed',
  'Digest',
  'DPoP',
  'GNAP',
  'HOBA',
  'Mutual',
  'Negotiate',
  'NTLM',
  'OAuth',
  'PrivateToken',
  'vapid',
];

/** The schemes that a server asks for, without realms and other parameters. */
export function challengesOf(values: readonly string[]): readonly string[] {
  const asked = values
    .flatMap((value) => value.split(','))
    .map((each) => /^\s*([A-Za-z-]+)/.exec(each)?.[1]?.toLowerCase());
  return SCHEMES.filter((each) => asked.includes(each.toLowerCase()));
}
