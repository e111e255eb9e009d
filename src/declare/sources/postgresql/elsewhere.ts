/** Settings by which the server reads other files than those that lie beside postgresql.conf. */
import { printable } from '../../../bytes/printable.ts';
import { normal } from '../paths.ts';
import type { ConfLine } from './conf.ts';
import { fault, folderOf, lastOf } from './given.ts';

/** What was read as the server's own files, by their names; undefined where there was none. */
export interface OwnFiles {
  readonly hba: string | undefined;
  readonly ident: string | undefined;
  readonly auto: string | undefined;
}

const STDIN = '-';

/**
 * What the reader must know where a setting names a path, and the file that was given may be another one: a copy has another
 * folder than the server. Refuses `malformed-text` if `hba_file` or `ident_file` names a file that is called otherwise.
 */
export function remarksOnFiles(last: readonly ConfLine[], { hba, ident, auto }: OwnFiles): readonly string[] {
  return last.flatMap((line): string[] => {
    if (line.name === 'hba_file') return otherFile(line, hba, 'rules');
    if (line.name === 'ident_file') return otherFile(line, ident, 'mappings');
    if (line.name !== 'data_directory' || auto === undefined) return [];
    const folder = folderOf(normal(auto));
    return folder === normal(line.text) ? [] : [remark(line, `${printable(auto)} was read`)];
  });
}

function otherFile(line: ConfLine, given: string | undefined, what: string): string[] {
  if (given === undefined) return [];
  const [wanted, found] = [normal(line.text), normal(given)];
  if (given !== STDIN && lastOf(wanted) !== lastOf(found))
    throw fault(
      line,
      `${line.name} is ${printable(line.text)}, so the server does not read ${printable(given)}; name that file in its place, or commit ` +
        `these ${what} by themselves`,
    );
  // Without a folder it is that of the server, wherever it is.
  return wanted === found || (given !== STDIN && !wanted.includes('/'))
    ? []
    : [remark(line, `the ${what} are those of ${given === STDIN ? 'standard input' : printable(given)}`)];
}

function remark({ name, text, file, line }: ConfLine, what: string): string {
  return `${name} in ${printable(lastOf(file))} line ${line} is ${printable(text)}, and ${what}: see that it is the same file`;
}
