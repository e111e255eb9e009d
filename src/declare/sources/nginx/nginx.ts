/**
 * Configuration of nginx: `nginx.conf` with what it includes, and the dump of `nginx -T`. A directive is a leaf below its blocks,
 * `/http/server[shop.example:443]/ssl_protocols`, and the order of the directives of a block is one leaf (spec/claims.md).
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { below, Leaves, type Declarable, type Tree } from '../../leaf.ts';
import { GivenFiles } from '../included.ts';
import type { Source, SourceText } from '../source.ts';
import { filesOfDump } from './dump.ts';
import { Lexer, spelt, type Statement } from './lex.ts';
import { stepOf, type Directive } from './names.ts';

/** How deep blocks stand in each other and files include each other, together, and most directives in all. */
const MAX_DEPTH = 32;
const MAX_DIRECTIVES = 200_000;

/** Where relative names lie if the main file has no place. */
const FOLDER = '/etc/nginx';

/** The kind of source `nginx`. */
export const NGINX_SOURCE: Source = {
  kind: 'nginx',
  mains: new Map([
    ['nginx.conf', FOLDER],
    ['etc/nginx/nginx.conf', '/'],
  ]),
  declare: (texts, { whole }) => declareNginx(texts, whole),
};

/** Leaves of a configuration, the main file first; `nginx@1`. Refuses `malformed-text`, with the file and the line. */
export function declareNginx(texts: readonly SourceText[], whole: readonly string[] = []): Declarable {
  const [main] = texts;
  const leaves = new Leaves();
  if (main !== undefined) {
    const dumped = filesOfDump(main.text);
    const reader = new Reader(dumped ?? texts, dumped === undefined ? whole : ['/']);
    addBlock(leaves, '', { name: '', args: [], block: reader.main() });
    const [unread] = dumped === undefined ? [] : reader.unread();
    if (unread !== undefined)
      throw refuse(
        'malformed-text',
        `${printable(unread)} is in the dump, and nothing includes it; dump again with nginx -T`,
      );
    const moved = dumped?.find(({ name }, i) => name !== reader.inOrder()[i]);
    if (moved !== undefined)
      throw refuse(
        'malformed-text',
        `${printable(moved.name)} is in the dump where nginx does not write it: a comment may say so; name the files`,
      );
  }
  return { profile: 'nginx@1', leaves: leaves.all(), excluded: [], source: { kind: 'nginx' } };
}

class Reader {
  readonly #texts: readonly SourceText[];
  readonly #files: GivenFiles;
  readonly #folder: string;
  readonly #read = new Set<string>();
  #directives = 0;

  constructor(texts: readonly SourceText[], whole: readonly string[]) {
    this.#texts = texts;
    this.#files = new GivenFiles(texts, whole);
    const [{ name } = { name: '' }] = texts;
    this.#folder = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : FOLDER;
  }

  main(): readonly Directive[] {
    const [file] = this.#texts;
    return file === undefined ? [] : this.#file(file, '', 0);
  }

  /** Names of files, each where it was first included, as nginx dumps them. */
  inOrder(): readonly string[] {
    return [...this.#read];
  }

  /** Names of files that nothing included. */
  unread(): readonly string[] {
    return this.#texts.map(({ name }) => name).filter((name) => !this.#read.has(name));
  }

  #file(file: SourceText, name: string, depth: number): readonly Directive[] {
    this.#read.add(file.name);
    const lexer = new Lexer(file.text, printable(name));
    return this.#block(lexer, 'file', depth);
  }

  #block(lexer: Lexer, until: '}' | 'file', depth: number): readonly Directive[] {
    if (depth > MAX_DEPTH)
      throw refuse(
        'malformed-text',
        `${lexer.where()}: blocks and included files are more than ${MAX_DEPTH} deep`,
      );
    const directives: Directive[] = [];
    for (;;) {
      const statement = lexer.next();
      const { ends, line, words } = statement;
      if (ends === until) return directives;
      if (ends === '}') throw refuse('malformed-text', `${lexer.where()}: "}" closes no block of this file`);
      if (ends === 'file')
        throw refuse('malformed-text', `${lexer.where()}: the file ends, and } is missing`);
      if (++this.#directives > MAX_DIRECTIVES)
        throw refuse('too-large', `more than ${MAX_DIRECTIVES} directives in all`);
      if (words[0] === 'include' && ends === ';')
        for (const each of this.#include(statement, lexer.where(line), depth)) directives.push(each);
      else directives.push(this.#directive(statement, lexer, depth));
    }
  }

  #directive({ words: [name = '', ...args], ends, lua }: Statement, lexer: Lexer, depth: number): Directive {
    if (lua !== undefined) return { name, args, lua };
    return ends === '{' ? { name, args, block: this.#block(lexer, '}', depth + 1) } : { name, args };
  }

  #include({ words }: Statement, where: string, depth: number): readonly Directive[] {
    const [, pattern = '', ...more] = words;
    if (pattern === '' || more.length > 0)
      throw refuse('malformed-text', `${where}: include takes one name, or pattern, of files`);
    const path = pattern.startsWith('/') ? pattern : `${this.#folder}/${pattern}`;
    const directives: Directive[] = [];
    for (const file of this.#files.matching(path, where))
      for (const each of this.#file(file, file.name, depth + 1)) {
        if (++this.#directives > MAX_DIRECTIVES)
          throw refuse('too-large', `more than ${MAX_DIRECTIVES} directives in all`);
        directives.push(each);
      }
    return directives;
  }
}

/** The leaves of a block: the order of its directives at its path, and each of them below. */
function addBlock(leaves: Leaves, at: string, { name, args, block = [] }: Directive): void {
  // What is compared with a secret is one: such entries of a map stand at their numbers.
  const isSecret = name === 'map' && NAMES_SECRET.test(args[0] ?? '');
  const used = new Map<string, number>();
  const steps = block.map((each, i) => {
    const step = isSecret && each.name !== 'default' ? `#${i + 1}` : stepOf(each).step;
    const nth = (used.get(step) ?? 0) + 1;
    used.set(step, nth);
    return nth === 1 ? step : `${step} #${nth}`;
  });
  if (block.length > 0) leaves.addList(at, steps);
  else if (at !== '') leaves.add(at, new Map<string, Tree>());
  for (const [i, each] of block.entries()) {
    const [step = '', path] = [steps[i], below(at, steps[i] ?? '')];
    if (each.block !== undefined && each.name === 'if') addIf(leaves, path, each);
    else if (each.block !== undefined) addBlock(leaves, path, each);
    else if (step.startsWith('#')) leaves.add(path, spelt([each.name, ...each.args]), () => true);
    else {
      // `fastcgi_pass` and its like take an address.
      const called = each.name.endsWith('_pass') ? 'address' : undefined;
      leaves.add(path, stepOf(each).value, () => SECRETS.has(each.name), called);
    }
  }
}

/** `if`: its condition is a leaf, `/…/if/()`, and what holds then is below `{}`. */
function addIf(leaves: Leaves, path: string, directive: Directive): void {
  const condition = conditionOf(directive.args);
  const isSecret = /^\$(\w+) (?:!?=|!?~\*?) (?!"")/.exec(condition)?.[1];
  leaves.addList(path, ['()', '{}']);
  leaves.add(below(path, '()'), condition, () => isSecret !== undefined && NAMES_SECRET.test(isSecret));
  addBlock(leaves, below(path, '{}'), directive);
}

/** Without the brackets around it, which may stand apart or not. */
function conditionOf(args: readonly string[]): string {
  const words = [...args];
  words[0] = (words[0] ?? '').replace(/^\(/, '');
  const last = words.length - 1;
  words[last] = (words[last] ?? '').replace(/\)$/, '');
  return spelt(words.filter((word, i) => word !== '' || (i > 0 && i < last)));
}

/** Directives whose arguments are secrets, or end with one (ngx_http_secure_link_module). */
const SECRETS: ReadonlySet<string> = new Set(['secure_link_md5', 'secure_link_secret']);

/** Variables that are compared with secrets. */
const NAMES_SECRET =
  /auth|token|secret|passw|pwd|cookie|(?:^|[^a-z])(?:sig|hmac|otp)(?![a-z])|signature|(?:^|[^a-z])(?:api_?)?key/i;
