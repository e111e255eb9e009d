/** Lines and values of PostgreSQL's files that are easily read otherwise: what the server and the source are both asked about. */

const raw = (text: string): readonly string[] => text.split('|');

/** Values of `x.a`. */
export const VALUES = [
  ...raw(
    String.raw`1|'1'|''|'it''s'|'it\'s'|'a\nb\101\t\q'|'a' 'b'|'a|a b|a#b|on|TRUE|1.5|1.5GB|15GB|-1|+0x1F|0x1Fg|1e3|1.e3|.5`,
  ),
  ...raw(
    String.raw`.|-|a.b|a.b.c|a-b:c/d|/a|a/b|*|é|été.x|"a"|$a|a,b|1,2|127.0.0.1|= 1|='a'|==1|= |'a'#b|'a''|'a\'|12_0|''''`,
  ),
  ...raw(String.raw`'a\\'|'multi|en_US.UTF-8|en_US.utf8|'\303\251'|1d|1 d|0777|1;|'a';`),
  "\t=\t'b'",
  '\f1',
];

/** Whole lines of postgresql.conf. */
export const LINES = [
  ...raw(
    `|# a|   |x.a|x.a=|x.A = 1|X.a = 2|x.a.b = 1|x-a = 1|1x = 1|x.a'b'|x.a=1#c|x. a = 1|= 1|x.é = 1|.a = 1|x.a 1 2`,
  ),
  ...raw(`x.a '1' '2'|x.a = = 1|\tx.a\t1\r|x.a = 'a' # 'b'|'x.a' = 1|"x.a" = 1|@ = 1`),
];

/** What random lines are made of. */
export const PIECES = [
  ...raw(String.raw`'|''|\|=| |#|.|-|+|0x|1|9|e|E3|a|B|_|x.b|kB|é|:|/|,|\n|\101`),
  '\t',
  '\r',
];

/** Settings that a session may set. */
export const SETTINGS = [
  ...raw(
    'work_mem|temp_buffers|idle_in_transaction_session_timeout|random_page_cost|vacuum_cost_delay|lock_timeout',
  ),
  ...raw(
    'log_min_duration_statement|default_statistics_target|enable_sort|bytea_output|synchronous_commit|xmloption',
  ),
  ...raw(
    'constraint_exclusion|client_min_messages|effective_cache_size|extra_float_digits|default_transaction_isolation',
  ),
];
const NUMBERS = raw('|0|1|-1|64|065|08|0x10|0X1f|1e2|1.5|.5|5.|2.5|3.5|1_0|+7|100000|1024|0.0001|x');
const UNITS = raw('|B|kB|MB|GB|TB|us|ms|s|min|h|d| MB|mb|KB| s |M|kB 1');
const WORDS = [
  ...raw(
    'on|off|o|of|ON|t|tr|true|truest|f|FALSE|y|ye|n|no|non|1|0|2|hex|HEX|escape|local|Partition|debug1|Debug|content',
  ),
  ...raw('repeatable read|Serializable|remote_apply|yes'),
];
/** Values that each of them is given. */
export const TEXTS = [...NUMBERS.flatMap((number) => UNITS.map((unit) => `${number}${unit}`)), ...WORDS];

/** Fields of rules. */
export const TYPES = raw('local|host|hostssl|hostnossl|hostgssenc|hostnogssenc|Host|"host"|hosts');
export const LISTS = [
  ...raw(
    'all|"all"|db|db,app|app,db|a, b|a ,b|+group|"+group"|+"my group"|"a b"|"a,b"|"a""b"|sameuser|"sameuser"',
  ),
  ...raw('samegroup|replication,all|db,|""|A|é|a"b"c|a#b|@'),
];
export const ADDRESSES = [
  ...raw(
    'all|"all"|samehost|samenet|10.0.0.0/8|10.1.2.3/8|10.1.2.3/32|0.0.0.0/0|10.0.0.0/33|10.0.0.0/|10.0.0.0/08|10.0.0.0',
  ),
  ...raw(
    '10.0.0.0 255.0.0.0|10.1.2.3 255.255.0.255|10.0.0.0 ::|::1/128|2001:DB8::1/32|2001:db8:0:0::/64|::ffff:10.0.0.1/128',
  ),
  ...raw(
    '::1 ffff::|::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff|db.example|.Example.TEST|db.example/8|10/8|127.1/8',
  ),
  ...raw('010.0.0.1/32|0x7f.1/8|1.2.3/24|10.0.0.0/8,10.1.0.0/16|::g/1|'),
];
export const ENDS = [
  ...raw(
    'trust|reject|scram-sha-256|md5|password|peer|ident|ident map=m|cert|cert map=m|cert clientcert=verify-full',
  ),
  ...raw(
    'cert clientcert=verify-ca|md5 clientcert=verify-ca|md5 clientcert=1|md5 clientname=DN|md5 map=x|MD5|"md5"|nonsense|',
  ),
  ...raw(
    'pam pamservice=x|ldap ldapserver=h ldapprefix="cn=" ldapsuffix=", dc=x"|ldap ldapserver=h ldapbasedn=x|trust map',
  ),
  ...raw(
    'radius radiusservers=127.0.0.1 radiussecrets=s|trust =x|gss include_realm=1 krb_realm=R|trust # more|trust "a=b c"',
  ),
  ...raw('ident map=m map=n|trust,md5'),
];

/** Lines of pg_ident.conf. */
export const MAPPINGS = raw(
  String.raw`m a b|m a|m a b c|"my map" "a b" "c d"|m /^(.*)@x$ \1|m a,b c|# m a b|m a b # c|m "a""b" c`,
);
