/** What the real nginx makes of a text (`nginx -t`), in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Refusal } from '#src/bytes/refusal.ts';
import { Lexer } from '#src/declare/sources/nginx/lex.ts';

/** Errors of `ngx_conf_read_token` and `ngx_conf_parse`, and no others. */
const LEXICAL =
  /\[emerg\] \d+#\d+: (unexpected "|unexpected end of|too long parameter)[^]*? in ([^ ]+):(\d+)$/m;

export class NginxOracle {
  readonly dir = mkdtempSync(join(tmpdir(), 'tallystick-nginx-'));

  get works(): boolean {
    return this.test({ 'nginx.conf': 'events {}\nhttp {}\n' }).code === 0;
  }

  /** Writes files and tests, or with `dump` prints, the first of them. */
  test(files: Readonly<Record<string, string>>, dump = false): { code: number; out: string; err: string } {
    const [main = 'nginx.conf'] = Object.keys(files);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, name)), { recursive: true });
      writeFileSync(join(this.dir, name), text);
    }
    const global = `pid ${this.dir}/pid; error_log stderr warn;`;
    const { status, stdout, stderr } = spawnSync(
      'nginx',
      [dump ? '-T' : '-t', '-p', this.dir, '-c', join(this.dir, main), '-g', global],
      { encoding: 'utf8', timeout: 10_000, maxBuffer: 64e6 },
    );
    return { code: status ?? -1, out: stdout, err: stderr };
  }

  end(): void {
    rmSync(this.dir, { recursive: true });
  }
}

/** Line of the error that nginx's lexer found; undefined if it found none. */
export function lexicalLine(err: string): number | undefined {
  const line = LEXICAL.exec(err)?.[3];
  return line === undefined ? undefined : Number(line);
}

/** Statements of a text up to its end, as one list of lists of words; blocks are marked. Or the line of the refusal. */
export function lexed(text: string): readonly (readonly string[])[] | number {
  const lexer = new Lexer(text, '');
  const all: string[][] = [];
  try {
    for (;;) {
      const { words, ends } = lexer.next();
      if (ends === 'file') return all;
      all.push([...words, ends]);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return Number(/line (\d+):/.exec(error.message)?.[1]);
  }
}
