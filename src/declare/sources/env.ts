/**
 * Environment files: `NAME=value` lines, comments that start with #, blank lines. Lines that docker, systemd and dotenv read
 * differently are refused. `literal` reads as `docker run --env-file` and `kubectl create --from-env-file` do: the value
 * is the rest of the line.
 */
import { printable } from '../../bytes/printable.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import type { Remedy } from '../../bytes/remedy.ts';
import { below, Leaves, type Declarable } from '../leaf.ts';
import type { Source } from './source.ts';

/** Leaves of an environment file; `env@1`, or `env-literal@1`. Refuses `malformed-text`, with the line. */
export function declareEnv(text: string, literal = false): Declarable {
  const leaves = new Leaves();
  // docker skips a byte order mark, dotenv takes it for a blank, systemd for a part of the first name.
  const lines = literal ? text.replace(/^\ufeff/, '') : text;
  for (const [i, line] of lines.split(/\r?\n/).entries()) {
    const variable = literal ? literalVariable(line, i + 1) : sharedVariable(line, i + 1);
    // Whatever stands in an environment may be a secret.
    if (variable !== undefined) leaves.add(below('', variable.name), variable.value, () => true);
  }
  const profile = literal ? 'env-literal@1' : 'env@1';
  return { profile, leaves: leaves.all(), excluded: [], source: { kind: 'env' } };
}

/** The kind of source `env`. */
export const ENV_SOURCE: Source = {
  kind: 'env',
  keepsMark: true,
  declare: ([file], { literal }) => declareEnv(file?.text ?? '', literal),
};

interface Variable {
  readonly name: string;
  readonly value: string;
}

const WHOLE = 'commit the file whole: `tallystick commit files FILE`';

/** Reads a line as docker does: blanks before it are skipped, blanks after `=` belong to the value. */
function literalVariable(line: string, number: number): Variable | undefined {
  const trimmed = line.replace(/^[ \t\v\f]+/, '');
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const at = trimmed.indexOf('=');
  if (at < 0) throw fault(number, 'a name without = takes its value from where it is read; write NAME=value');
  const name = trimmed.slice(0, at);
  if (name === '' || /\s/.test(name))
    throw fault(number, `expected NAME=value, with no blanks in the name: ${printable(name, 60)}`);
  if (line.includes('\0')) throw fault(number, 'no environment holds a zero byte; take it out');
  return { name, value: trimmed.slice(at + 1) };
}

/** Reads a line that all readers read alike; refuses any other. */
function sharedVariable(line: string, number: number): Variable | undefined {
  if (/[\r\0\ufeff]/.test(line))
    throw fault(
      number,
      'a carriage return, a zero byte or a byte order mark is not the same to every reader; take it out',
    );
  // systemd before 254 takes the next line for more of the comment.
  if (/^[ \t]*#.*\\$/.test(line))
    throw fault(
      number,
      'to some readers a comment that ends in \\ goes on in the next line; end it otherwise',
    );
  if (/^[ \t]*(?:#|$)/.test(line)) return undefined;
  const [, name, value = ''] = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(line) ?? [];
  if (name === undefined) throw notShared(number, line);
  if (!/["'\\$`#]|^\s|\s$/.test(value)) return { name, value };
  throw fault(
    number,
    `tools do not agree what quotes, #, $, \\ and blanks at the ends mean in the value of ${name}: if it is read by ` +
      '`docker run --env-file` or kubectl, which take it as it stands, read it literally; if by docker compose, dotenv, ' +
      `systemd or a shell, ${WHOLE}`,
    LITERAL,
  );
}

function notShared(number: number, line: string): Refusal {
  if (/^\s*export\s/.test(line))
    return fault(
      number,
      `docker and systemd do not take \`export\`; write NAME=value without it, or, if a shell reads the file, ${WHOLE}`,
    );
  if (line.trimStart().startsWith(';')) return fault(number, 'a comment to systemd alone; begin it with #');
  return fault(
    number,
    'expected NAME=value, with no blanks around = and a name of letters, digits and _; if docker alone reads the file, ' +
      `which takes other names, read it literally; else ${WHOLE}`,
    LITERAL,
  );
}

const LITERAL = { literal: true } as const;

function fault(line: number, what: string, remedy?: Remedy): Refusal {
  return refuse('malformed-text', `line ${line}: ${what}`, { remedy });
}
