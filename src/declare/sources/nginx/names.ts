/** How directives are called as steps of a path. */
import { spelt } from './lex.ts';

/** A directive with its words but the name; of a block, what is in it. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly Directive[];
  /** The text of a block of Lua. */
  readonly lua?: string;
}

/** Directives that stand several times in a block and are told apart by their first argument. */
const KEYED: ReadonlySet<string> = new Set(
  (
    'add_header add_trailer proxy_set_header grpc_set_header fastcgi_param uwsgi_param scgi_param proxy_hide_header ' +
    'proxy_pass_header fastcgi_hide_header more_set_headers more_clear_headers set auth_request_set set_real_ip_from allow deny ' +
    'listen server rewrite log_format limit_req_zone limit_conn_zone limit_req limit_conn proxy_cache_path fastcgi_cache_path ' +
    'load_module ssl_conf_command js_set js_import js_var perl_set sub_filter proxy_redirect proxy_cookie_path'
  ).split(' '),
);

/** The step of a directive, before those with the same step are numbered, and its value. */
export function stepOf({ name, args, block, lua }: Directive): {
  readonly step: string;
  readonly value: string;
} {
  // A bracket begins the arguments; one of the name stands in quotes.
  const called = /[[\]]/.test(name) ? `"${name.replaceAll(/["\\]/g, '\\$&')}"` : spelt([name]);
  if (block !== undefined) return { step: blockStep(called, args, block), value: '' };
  if (lua !== undefined)
    return { step: args.length === 0 ? called : `${called}[${spelt(args)}]`, value: lua };
  const [first, ...rest] = args;
  if (first !== undefined && KEYED.has(name))
    return { step: `${called}[${spelt([first])}]`, value: spelt(rest) };
  return { step: called, value: spelt(args) };
}

function blockStep(called: string, args: readonly string[], block: readonly Directive[]): string {
  // The condition is a leaf of its own: it changes, and may hold a secret.
  if (called === 'if' || (args.length === 0 && called !== 'server')) return called;
  return `${called}[${called === 'server' && args.length === 0 ? serverName(block) : spelt(args)}]`;
}

/** The first name of a server, and the port of its first `listen`: `shop.example:443`, `:80`. */
function serverName(block: readonly Directive[]): string {
  const first = (name: string): string | undefined => block.find((each) => each.name === name)?.args[0];
  const [, port = '80'] = /(?:^|:)([0-9]+)$/.exec(first('listen') ?? '') ?? [];
  const path = /^unix:.*/.exec(first('listen') ?? '')?.[0];
  return `${spelt([first('server_name') ?? '_']).replace(/^_$/, '')}:${path ?? port}`;
}
