/** A command line that looks at the log of `test/support/see-world.ts`. */
import { run } from '#src/cli/main.ts';
import { BASE } from '../../support/served-log.ts';
import { SeeWorld as SeenLog } from '../../support/see-world.ts';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape of --json is what is tested
  readonly json: any;
  /** What came before it on lines of their own, and it. */
  readonly objects: readonly unknown[];
}

export class SeeWorld extends SeenLog {
  /** What the person at the terminal types next; while it is empty, there is no terminal. */
  answers: readonly string[] = [];
  readonly questions: string[] = [];

  tally(...argv: string[]): Promise<Told> {
    return this.tallyIn({}, ...argv);
  }

  /** In another environment. */
  async tallyIn(env: Readonly<Record<string, string | undefined>>, ...argv: string[]): Promise<Told> {
    let [out, err] = ['', ''];
    const before = this.log.entries.length;
    const code = await run(argv, {
      env: {
        XDG_STATE_HOME: this.dir,
        TALLYSTICK_LOG: BASE,
        TALLYSTICK_VKEY: 'log.vkey',
        TALLYSTICK_DATA_DIR: this.dir,
        ...env,
      },
      cwd: this.dir,
      fetch: this.fetch,
      now: () => this.now * 1000,
      sleep: async (ms) => {
        this.now += ms / 1000;
        await this.asleep();
      },
      ask:
        this.answers.length === 0
          ? undefined
          : async (question) => {
              this.questions.push(question);
              const [answer = '', ...rest] = this.answers;
              this.answers = rest;
              return answer;
            },
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    });
    while (this.times.length < this.log.entries.length) this.times.push(Math.floor(this.now));
    if (before > this.log.entries.length) throw new Error('a log never shrinks');
    const lines = argv.includes('--json') ? out.split('\n').slice(0, -1) : [];
    const objects = lines.map((line) => JSON.parse(line));
    return { code, out, err, json: objects.at(-1), objects };
  }
}
