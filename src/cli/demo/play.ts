/** What every act of the demonstration does: run commands, read the log as any reader does, and print. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { appraiseSubject, type ClaimStatus } from '../../appraisal/index.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { openClient } from '../../client/client.ts';
import { trustPolicy } from '../../client/trust.ts';
import { EXIT } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import { paintVerdict } from '../views/words.ts';
import { claimsYaml, type ClaimsFile } from './claims.ts';
import type { Ran, Stage } from './stage.ts';

/** The trust policy that everybody in the demonstration reads the log with. */
export const EVERYONE = 'everyone.policy';

export class Play {
  readonly context: Context;
  readonly stage: Stage;
  /** URL of the log, once it runs. */
  url = '';

  constructor(context: Context, stage: Stage) {
    this.context = context;
    this.stage = stage;
  }

  /** The flags that name the log for a command. */
  get log(): readonly string[] {
    return ['--log', this.url, '--policy', EVERYONE];
  }

  /** Runs a command on the log. Refuses `unavailable` if it does not exit with 0. */
  async command(...args: readonly string[]): Promise<string> {
    return (await this.must(await this.stage.run(...args, ...this.log), EXIT.ok)).out;
  }

  /** Writes a claims file and logs a commitment to `file` with those claims. */
  async commit(subject: string, file: string, claims: ClaimsFile, ...more: readonly string[]): Promise<void> {
    const claimsFile = `${subject.replaceAll('/', '-')}.claims.yaml`;
    await this.write(claimsFile, claimsYaml(claims));
    await this.command('commit', file, '--subject', subject, '--claims', claimsFile, '--wait', '20', ...more);
  }

  /** Reads the log and appraises the claims of a subject until they are as wanted. Refuses `unavailable` after a minute. */
  async until(
    subject: string,
    what: string,
    wanted: (claims: readonly ClaimStatus[]) => boolean,
  ): Promise<readonly ClaimStatus[]> {
    const end = this.context.world.now() + 60_000;
    for (;;) {
      let said: string;
      try {
        const claims = await this.#appraised(subject);
        if (claims.length > 0 && wanted(claims)) return claims;
        said = claims.map(({ claim, verdict }) => `${claim.id} ${verdict}`).join(', ');
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        said = error.message;
      }
      if (this.context.world.now() > end)
        throw refuse('unavailable', `${subject} was not ${what} within a minute: ${said}`);
      await pause(300);
    }
  }

  async #appraised(subject: string): Promise<readonly ClaimStatus[]> {
    const { fetch, now } = this.context.world;
    const trust = trustPolicy(encodeUtf8(await this.read(EVERYONE)));
    const snapshot = await openClient({ log: this.url, trust, fetch, now }).snapshot();
    return appraiseSubject(await snapshot.subject(subject), snapshot.context).claims;
  }

  /** Prints the verdict of each claim. `subject`: printed before each, if given. */
  show(claims: readonly ClaimStatus[], subject = ''): void {
    const { output } = this.context;
    for (const status of claims) {
      const { claim, evidence, explain } = status;
      const named = `${subject === '' ? '' : subject.padEnd(16)}${claim.id.padEnd(16)}`;
      const why = explain === undefined ? '' : `  ${explain}`;
      output.print(`    ${named}${paintVerdict(output, status)} [${evidence ?? '–'}]${why}`);
    }
  }

  say(text: string, style: 'bold' | 'yellow' = 'bold'): void {
    this.context.output.print(`\n${this.context.output.paint(style, text)}`);
  }

  /** Prints what a command printed. */
  quote(text: string): void {
    this.context.output.print(text.trimEnd().replaceAll(/^/gm, '    '));
  }

  async read(...parts: readonly string[]): Promise<string> {
    return readFile(join(this.stage.dir, ...parts), 'utf8');
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.stage.dir, name), text);
  }

  /** Refuses `unavailable`, with what the command printed, if its exit code is another. */
  async must(ran: Ran, wanted: number): Promise<Ran> {
    if (ran.code === wanted) return ran;
    throw refuse('unavailable', `exit code ${String(ran.code)} in place of ${wanted}: ${ran.err}${ran.out}`);
  }
}

/** Whether a claim has this verdict, and this evidence class if one is given. */
export function is(
  claims: readonly ClaimStatus[],
  claim: string,
  verdict: string,
  evidence?: string,
): boolean {
  return claims.some(
    (each) =>
      each.claim.id === claim && each.verdict === verdict && (evidence ?? each.evidence) === each.evidence,
  );
}
