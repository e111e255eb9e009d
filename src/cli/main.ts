/**
 * The command line, from arguments to exit code. A refusal, or a fault of the machine (a full disk, say), prints
 * `error: code: message` and exits with the code's exit code. Anything else that is thrown is our bug: it prints a stack
 * and exits 1.
 */
import { printable } from '../bytes/printable.ts';
import { Refusal } from '../bytes/refusal.ts';
import { EXIT, exitOf } from './exit.ts';
import { configFileOf, resolveConfig, type Given, type ParseFile, type Resolved } from './frame/config.ts';
import type { Context, World } from './frame/context.ts';
import { faultOf } from '../platform/fault.ts';
import { commandsFor } from './frame/called.ts';
import { makeOutput, type OwnedOutput } from './frame/output.ts';
import { buildProgram, parseArguments, type Invocation } from './frame/program.ts';
import { Flags } from './frame/verb.ts';
import { loadVerbs } from './verbs.ts';

/** Runs one command line (without node and script name) and resolves to its exit code. */
export async function run(argv: readonly string[], world: World): Promise<number> {
  let exitCode: number = EXIT.ok;
  let output = outputOf(world, { json: argv.includes('--json'), quiet: false, colour: false });
  const program = buildProgram(
    await loadVerbs(argv),
    async (invocation) => {
      const globals = new Flags(program.opts());
      output = outputOf(world, {
        json: invocation.flags.on('json'),
        quiet: globals.on('quiet'),
        colour: globals.on('color') && (world.env['NO_COLOR'] ?? '') === '',
      });
      const given = givenTo(invocation, world, globals.text('config'));
      const parse = await parserFor(given);
      exitCode = await runVerb(
        invocation,
        makeContext(world, output, () => resolveConfig(given, parse)),
      );
      output.finish(exitCode);
    },
    world,
  );
  try {
    await parseArguments(program, argv);
    return exitCode;
  } catch (error) {
    const refusal = error instanceof Refusal ? error : faultOf(error);
    if (refusal === undefined) throw error;
    output.finish(exitOf(refusal));
    output.fail(refusal);
    return exitOf(refusal);
  }
}

/** The entry of the `tallystick` command: runs with this process as the world. */
export async function main(): Promise<void> {
  // A reader that closes the pipe early (`tallystick get … | head`) is no error.
  process.stdout.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(EXIT.ok);
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    process.stderr.write(
      `error: ${fault.code}: the answer could not be written: ${printable(fault.message)}\n`,
    );
    process.exit(exitOf(fault));
  });
  // If remarks cannot be written, the exit code still tells the outcome.
  process.stderr.on('error', () => undefined);
  process.exitCode = await run(process.argv.slice(2), {
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    fetch,
    now: Date.now,
    ask: process.stdin.isTTY && process.stderr.isTTY ? askAtTerminal : undefined,
  });
}

async function askAtTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // An end of the input is no answer.
    const ended = new Promise<string>((resolve) => void lines.once('close', () => resolve('')));
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

function runVerb({ verb, operands, flags }: Invocation, context: Context): Promise<number> {
  if (verb.run === undefined) throw new Error(`${verb.name} has no run`);
  return verb.run(context, operands, flags);
}

function outputOf(
  { stdout, stderr, now, env }: World,
  how: { readonly json: boolean; readonly quiet: boolean; readonly colour: boolean },
): OwnedOutput {
  return makeOutput({ stdout, stderr, now, commands: commandsFor(env), ...how });
}

function givenTo({ given, verb }: Invocation, { env, cwd }: World, configFlag: string | undefined): Given {
  return { flags: given, configFlag, env, cwd, home: verb.home, defaults: verb.defaults };
}

/** The parser of configuration files, loaded only if there is a file: loading it takes longer than most commands. */
async function parserFor(given: Given): Promise<ParseFile | undefined> {
  try {
    if (configFileOf(given) === undefined) return undefined;
  } catch {
    return undefined; // refused when the verb first reads the configuration; some verbs never do
  }
  return (await import('../yaml/flat.ts')).parseFlat;
}

/** A context that reads the configuration on first use, so that a verb that uses none works beside a broken file. */
function makeContext(world: World, output: OwnedOutput, resolve: () => Resolved): Context {
  let resolved: Resolved | undefined;
  const settle = (): Resolved => (resolved ??= resolve());
  return {
    output,
    world,
    get resolved() {
      return settle();
    },
    get config() {
      return settle().config;
    },
  };
}
