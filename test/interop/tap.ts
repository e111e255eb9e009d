/** TAP on stdout, ending in the totals that tap prints too, so that `.ci/run` counts both alike. */
export class Tap {
  #pass = 0;
  #fail = 0;
  #skip = 0;

  /** Runs one check; what it throws is the reason it failed. Tells whether it held. */
  async check(name: string, run: () => unknown): Promise<boolean> {
    const began = performance.now();
    try {
      await run();
    } catch (error) {
      this.#fail++;
      this.#line(`not ok ${this.#count} - ${name} # time=${Math.round(performance.now() - began)}ms`);
      this.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return false;
    }
    this.#pass++;
    this.#line(`ok ${this.#count} - ${name} # time=${Math.round(performance.now() - began)}ms`);
    return true;
  }

  skip(name: string, why: string): void {
    this.#skip++;
    this.#line(`ok ${this.#count} - ${name} # SKIP ${why.replaceAll('\n', ' ')}`);
  }

  /** A comment, whatever lines it has. */
  note(text: string): void {
    for (const line of text.split('\n')) this.#line(`#   ${line}`);
  }

  /** Prints the plan and the totals; returns the exit code. */
  end(): number {
    this.#line(`1..${this.#count}`);
    this.#line(`# { total: ${this.#count}, pass: ${this.#pass}, fail: ${this.#fail}, skip: ${this.#skip} }`);
    return this.#fail === 0 ? 0 : 1;
  }

  get #count(): number {
    return this.#pass + this.#fail + this.#skip;
  }

  #line(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}
