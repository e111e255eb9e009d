/** Passwords on command lines of programs whose flags do not name them (`-p`). From their manuals, read 2026-11-29. */

/** How a program takes a password. */
interface Taken {
  /** Flags whose value is one: as the next word, glued to the flag, or both. */
  readonly flags: readonly string[];
  readonly next: boolean;
  readonly glued: boolean;
  /** What of the value is the password; all of it unless said. */
  readonly part?: RegExp;
  /** A word that must have stood before. */
  readonly after?: string;
}

const both = { next: true, glued: true };
const USER_PASSWORD = /^[^\s:]{0,255}:(.+)$/s;

const PROGRAMS: ReadonlyMap<string, readonly Taken[]> = new Map(
  (
    [
      // A blank after -p would be the name of a database.
      [
        'mysql mysqladmin mysqldump mysqlimport mysqlshow mysqlcheck mysqlsh mariadb mariadb-admin mariadb-dump',
        [{ flags: ['-p'], next: false, glued: true }],
      ],
      [
        'mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat',
        [{ flags: ['-p'], ...both }],
      ],
      ['sshpass', [{ flags: ['-p'], ...both }]],
      ['redis-cli valkey-cli keydb-cli', [{ flags: ['-a', '--pass'], next: true, glued: false }]],
      [
        'docker podman nerdctl helm oras crane skopeo buildah az oc cf',
        [{ flags: ['-p'], ...both, after: 'login' }],
      ],
      [
        'skopeo',
        [
          {
            flags: ['--creds', '--src-creds', '--dest-creds'],
            next: true,
            glued: false,
            part: USER_PASSWORD,
          },
        ],
      ],
      [
        'curl http https xh',
        [{ flags: ['-u', '--user', '-U', '--proxy-user', '-a', '--auth'], ...both, part: USER_PASSWORD }],
      ],
      ['ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd', [{ flags: ['-w', '-s'], ...both }]],
      ['sqlcmd bcp isql tsql ipmitool lftp', [{ flags: ['-P'], ...both }]],
      ['rabbitmqadmin influx cqlsh', [{ flags: ['-p'], ...both }]],
      [
        'smbclient rpcclient smbget net',
        [{ flags: ['-U', '--user'], ...both, part: /^[^\s%]{0,255}%(.+)$/s }],
      ],
      ['snmpget snmpset snmpwalk snmpbulkwalk snmptrap', [{ flags: ['-A', '-X'], ...both }]],
      [
        'openssl',
        [{ flags: ['-passin', '-passout', '-pass'], next: true, glued: false, part: /^pass:(.+)$/s }],
      ],
      ['zip unzip', [{ flags: ['-P'], ...both }]],
      ['7z 7za 7zz', [{ flags: ['-p'], next: false, glued: true }]],
      [
        'keytool jarsigner',
        [{ flags: ['-storepass', '-keypass', '-srcstorepass', '-deststorepass'], next: true, glued: false }],
      ],
    ] satisfies readonly (readonly [string, readonly Taken[]])[]
  ).flatMap(([names, taken]) => names.split(' ').map((name): [string, readonly Taken[]] => [name, taken])),
);

/** Words of one command: quoted ones are one. */
const WORD = /(?:"[^"\n]*"|'[^'\n]*'|[^\s"']+)+/g;
/** Where a command ends. */
const COMMAND = /[^\n;|&]+/g;

/** Passwords that command lines within a text hold. */
export function* passwordsInCommands(text: string): Generator<string> {
  for (const [command] of text.replaceAll(/\\\r?\n/g, ' ').matchAll(COMMAND)) {
    const words = command.match(WORD);
    if (words === null || words.length < 2) continue;
    const plain = words.map(unquoted);
    yield* passwordsIn(plain);
    // A command that is one word of another: `sh -c "…"`. Without its quotes it has none in it.
    for (const word of plain) if (/\s/.test(word)) yield* passwordsInCommands(word);
  }
}

/** Passwords among the words of a command, such as the items of a list of arguments. */
export function* passwordsIn(words: readonly string[]): Generator<string> {
  let program: readonly Taken[] = [];
  const seen = new Set<string>();
  for (const [i, word] of words.entries()) {
    const named = PROGRAMS.get(/[^/]*$/.exec(word)?.[0] ?? '');
    if (named !== undefined) program = named;
    for (const taken of program) {
      if (taken.after !== undefined && !seen.has(taken.after)) continue;
      const value = valueOf(taken, word, words[i - 1]);
      const password = value === undefined || taken.part === undefined ? value : taken.part.exec(value)?.[1];
      if (password !== undefined) yield password;
    }
    seen.add(word);
  }
}

function valueOf(
  { flags, next, glued }: Taken,
  word: string,
  before: string | undefined,
): string | undefined {
  if (next && before !== undefined && flags.includes(before) && !word.startsWith('-')) return word;
  const flag = glued ? flags.find((each) => each.length === 2 && word.startsWith(each)) : undefined;
  if (flag !== undefined && word.length > flag.length) return word.slice(flag.length).replace(/^=/, '');
  const long = flags.find((each) => each.startsWith('--') && word.startsWith(`${each}=`));
  return long === undefined ? undefined : word.slice(long.length + 1);
}

function unquoted(word: string): string {
  return word.replaceAll(/["']/g, '');
}
