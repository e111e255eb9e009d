/**
 * Files of `[section]` and `name = value`. Python's configparser, git, php, systemd and MySQL read such files, and differ. A line that
 * those who take it read differently is refused, with its line and what to write (spec/claims.md). The value is never said.
 */
import { printable } from '../../bytes/printable.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { below, Leaves, type Declarable, type Tree } from '../leaf.ts';
import type { Source } from './source.ts';

/** The kind of source `ini`. */
export const INI_SOURCE: Source = {
  kind: 'ini',
  keepsMark: true,
  declare: ([file]) => declareIni(file?.text ?? ''),
};

/** Leaves of a file, `/<section>/<name>`; `ini@1`. Refuses `malformed-text`, with the line. */
export function declareIni(text: string): Declarable {
  if (text.startsWith('\ufeff'))
    throw fault(1, 'a byte order mark, which some readers take for a part of the first name; take it out');
  const sections = new Sections();
  for (const [i, line] of text.split(/\r?\n/).entries()) sections.read(line, i + 1);
  const leaves = new Leaves();
  for (const [name, settings] of sections.all) {
    if (settings.size === 0) leaves.add(below('', name), new Map<string, Tree>());
    for (const [setting, value] of settings) leaves.add(below(below('', name), setting), value);
  }
  return { profile: 'ini@1', leaves: leaves.all(), excluded: [], source: { kind: 'ini' } };
}

const WHOLE = 'or commit the file whole: `tallystick commit files FILE`';

/** Longest line that MySQL reads whole, in bytes. */
const MAX_LINE = 4_095;

class Sections {
  readonly all = new Map<string, Map<string, string>>();
  /** Names of sections and of settings as they are to readers that fold case, and `-` and `_`. */
  readonly #folded = new Set<string>();
  #section: string | undefined;
  #indent: number | undefined;

  read(line: string, number: number): void {
    if (/[^\P{Cc}\t]/u.test(line)) throw fault(number, 'a control character; take it out');
    if (new TextEncoder().encode(line).length > MAX_LINE)
      throw fault(number, `a line of more than ${MAX_LINE} bytes, which MySQL cuts; ${WHOLE}`);
    const text = line.replace(/^[ \t]+|[ \t]+$/g, '');
    if (text === '') return;
    if (/^[;#]/.test(text)) {
      if (text.endsWith('\\'))
        throw fault(number, 'a comment that ends in \\, which may go on in the next line; end it otherwise');
      return;
    }
    const indent = line.length - line.replace(/^[ \t]+/, '').length;
    if (this.#indent !== undefined && indent > this.#indent)
      throw fault(
        number,
        'to Python this line goes on with the value before, since it is indented deeper; indent both alike',
      );
    if (text.startsWith('[')) this.#open(text, indent, number);
    else this.#set(text, indent, number);
  }

  #open(text: string, indent: number, number: number): void {
    const [, name] = /^\[([A-Za-z0-9_.:/@-]+(?: [A-Za-z0-9_.:/@-]+)*)\]$/.exec(text) ?? [];
    if (name === undefined)
      throw fault(
        number,
        'a section is a name of letters, digits, single blanks and _ . : / @ - in brackets, and nothing behind it: quotes in it are ' +
          `git's alone; ${WHOLE}`,
      );
    const said = printable(name, 60);
    if (indent > 0) throw fault(number, `the section ${said} is indented; begin the line with [`);
    if (name === 'DEFAULT')
      throw fault(
        number,
        `to Python the settings of [DEFAULT] stand in every section; write them there, ${WHOLE}`,
      );
    if (/^include(?:if)?$/i.test(name)) throw fault(number, `git reads other files by [${said}]; ${WHOLE}`);
    if (/^(?:null|yes|no|true|false|on|off|none)$/i.test(name))
      throw fault(number, `to php ${said} is no name; use another, ${WHOLE}`);
    this.#assertNew(name.toLowerCase(), number, `the section ${said}`, 'join both');
    this.all.set(name, new Map());
    [this.#section, this.#indent] = [name, undefined];
  }

  #set(text: string, indent: number, number: number): void {
    if (text.startsWith('!')) throw fault(number, `MySQL alone reads lines that begin with !; ${WHOLE}`);
    const [, name, value = ''] = /^([A-Za-z0-9_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*([^]*)$/.exec(text) ?? [];
    if (name === undefined)
      throw fault(
        number,
        'expected name = value, with a name of letters, digits, _, . and -: a name alone is true to git and empty to others, and : ' +
          `stands for = to Python alone; ${WHOLE}`,
      );
    const section = this.#section;
    if (section === undefined)
      throw fault(
        number,
        `${name} stands before the first section, where some readers ignore it; put it below one, ${WHOLE}`,
      );
    if (/^(?:null|yes|no|true|false|on|off|none)$/i.test(name))
      throw fault(number, `to php ${name} is no name; use another, ${WHOLE}`);
    const key = `${section.toLowerCase()}\n${name.toLowerCase().replaceAll('-', '_')}`;
    this.#assertNew(key, number, name, 'keep one, since readers take the first, the last or all');
    assertShared(name, value, number);
    this.all.get(section)?.set(name, value);
    this.#indent = indent;
  }

  #assertNew(folded: string, number: number, what: string, then: string): void {
    if (this.#folded.has(folded))
      throw fault(number, `${what} is there before, maybe in another case or with _ for -; ${then}`);
    this.#folded.add(folded);
  }
}

/** What a value must not have, and what it is to whom. */
const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/[;#]/, '; and # begin a comment to php, git or MySQL, and belong to the value to Python and systemd'],
  [/["']/, 'quotes belong to the value to Python and systemd, and to nobody else'],
  [/\\/, '\\ is an escape to git and MySQL, and goes on in the next line to systemd and git'],
  [/%/, '% is an interpolation to Python and a specifier to systemd'],
  [/\$/, '$ is a reference to php and to some readers of Python'],
  [/[|&^~!()]/, '| & ^ ~ ! ( ) are operators to php'],
  [/[{}]/, '{ and } have a meaning to php'],
  [/\t/, 'a tab within the value is a blank to git'],
  [/^=/, 'two = mean different things to readers'],
];

/** Refuses a value that readers read differently. */
function assertShared(name: string, value: string, number: number): void {
  if (value.trim() !== value)
    throw fault(
      number,
      `the value of ${name} begins or ends with a blank that is not ASCII, which Python cuts; take it out`,
    );
  const [, why] = DIFFERENT.find(([pattern]) => pattern.test(value)) ?? [];
  if (why !== undefined) throw fault(number, `in the value of ${name}: ${why}; write it without, ${WHOLE}`);
}

function fault(line: number, what: string): Refusal {
  return refuse('malformed-text', `line ${line}: ${what}`);
}
