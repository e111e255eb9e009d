/**
 * Turns verbs into a commander program: flags from the settings table, each with its environment variable, and help
 * with EXAMPLES and EXIT CODES. Parsing errors become refusals (`usage`).
 */
import { Command, CommanderError, Option } from 'commander';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { printable, printableLines } from '../../bytes/printable.ts';
import { CONFIG_ENV } from './config.ts';
import type { Sink } from './output.ts';
import { envOf, flagOf, settings, type Setting } from './settings.ts';
import { didYouMean } from '../../bytes/suggest.ts';
import { Flags, type AnyFlags, type AnyVerb, type VerbGroups, type VerbOption } from './verb.ts';

/** One parsed command line. */
export interface Invocation {
  readonly verb: AnyVerb;
  readonly operands: readonly string[];
  readonly flags: AnyFlags;
  /** Texts of the settings given as flags. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** What each exit code tells a script. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done; for verify: everything checked out'],
  [EXIT.usage, 'wrong usage, or a bug (which prints a stack)'],
  [EXIT.notFound, 'not found, or the log cannot be reached'],
  [EXIT.verification, 'verification failed, the log refused the statement, or a store is damaged'],
  [EXIT.splitView, 'the log showed two histories that do not fit together'],
  [EXIT.quorum, 'witness quorum or freshness not met'],
  [EXIT.unproven, "an incident is authentic, but rests on its reporter's word"],
  [EXIT.config, 'bad configuration, key file, data directory or Node version'],
];

/** Builds the command tree. `onRun` gets the verb that is called; help goes to the streams. */
export function buildProgram(
  groups: VerbGroups,
  onRun: (invocation: Invocation) => Promise<void> = async () => undefined,
  streams?: { readonly stdout: Sink; readonly stderr: Sink },
): Command {
  const program = new Command('tallystick')
    .description(
      'A transparency log for configuration: what was declared, what was observed, and whether they tally',
    )
    .option(
      '--config <file>',
      `configuration file (env: ${CONFIG_ENV}, default: tallystick.yaml in the data directory)`,
    )
    .option('--quiet', 'no remarks and no progress on stderr')
    .option('--no-color', 'no colours (env: NO_COLOR)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => streams?.stdout.write(printableLines(text)),
      writeErr: (text) => streams?.stderr.write(printableLines(text)),
      // A parsing error becomes a refusal, which main.ts prints.
      outputError: () => undefined,
    })
    .exitOverride();
  for (const [heading, verbs] of groups) {
    program.commandsGroup(`${heading}:`);
    for (const verb of verbs) addVerb(program, verb, onRun);
  }
  program.helpCommand('help [verb]', 'help of one verb');
  program.addHelpText('after', `\n${exitCodesHelp()}`);
  return program;
}

/** Parses the arguments and runs the verb, or prints help. Refuses `usage` if the parser does. */
export async function parseArguments(program: Command, argv: readonly string[]): Promise<void> {
  assertVerbOfHelp(program, argv);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    if (error.code === 'commander.help')
      throw refuse('usage', 'no verb given; choose one of those above', { cause: error });
    const sentences = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    // Commander's list of choices is a sentence of its own; in a refusal it follows a semicolon.
    const text = sentences.replace(/\. Allowed choices/, '; allowed choices').replace(/\.$/, '');
    throw refuse('usage', `${text}; see --help`, { cause: error });
  }
}

/** Refuses `help frob`, for which commander would print the help of the whole program. */
function assertVerbOfHelp(program: Command, [first, name]: readonly string[]): void {
  if (first !== 'help' || name === undefined || name === 'help' || name.startsWith('-')) return;
  const verbs = program.commands.map((command) => command.name());
  if (verbs.includes(name)) return;
  throw refuse('usage', `unknown verb ${printable(name)}${didYouMean(name, verbs)}; see --help`);
}

function addVerb(parent: Command, verb: AnyVerb, onRun: (invocation: Invocation) => Promise<void>): void {
  const command = parent.command(verb.name, { isDefault: verb.standard === true }).summary(verb.summary);
  command.description(
    verb.details === undefined ? sentence(verb.summary) : `${sentence(verb.summary)} ${verb.details}`,
  );
  for (const [syntax, help] of verb.operands ?? []) command.argument(syntax, help);
  for (const option of verb.options ?? []) command.addOption(ownOption(option));
  for (const row of settingsOf(verb))
    for (const option of settingOptions(row, verb.defaults?.[row.name])) command.addOption(option);
  if (verb.json === true) command.option('--json', 'one JSON object on stdout; errors as JSON on stderr');
  command.addHelpText('after', () => verbHelp(verb));
  for (const child of verb.verbs ?? []) addVerb(command, child, onRun);
  if (verb.run === undefined) return;
  command.action(async () => {
    const values: Readonly<Record<string, unknown>> = command.opts();
    refuseEmpty(command.args, values);
    const given = givenSettings(settingsOf(verb), values);
    await onRun({ verb, operands: command.args, flags: new Flags(values), given });
  });
}

/** Refuses `usage` for an empty operand or flag, which a script passes when its variable is not set. */
function refuseEmpty(operands: readonly string[], values: Readonly<Record<string, unknown>>): void {
  if (operands.includes('')) throw refuse('usage', 'an operand is empty; is a variable of a script not set?');
  const empty = Object.keys(values).find((name) => [values[name]].flat().includes(''));
  if (empty !== undefined)
    throw refuse('usage', `${flagOf(empty)} is empty; is a variable of a script not set?`);
}

function settingsOf(verb: AnyVerb): readonly Setting[] {
  const wanted: readonly string[] | 'all' = verb.settings ?? [];
  const own = (verb.options ?? []).map(({ flags }) => flags.split(' ')[0]);
  return settings().filter(
    (row) => (wanted === 'all' || wanted.includes(row.name)) && !own.includes(flagOf(row.name)),
  );
}

function ownOption(option: VerbOption): Option {
  const made = new Option(option.flags, option.help);
  if (option.choices !== undefined) made.choices([...option.choices]);
  return option.many === true ? made.argParser(collect) : made;
}

function settingOptions(row: Setting, otherwise = row.otherwise): readonly Option[] {
  const flag = flagOf(row.name);
  const fallback = row.shape === 'one' && otherwise !== '' ? `, default: ${otherwise}` : '';
  const help = `${row.help} (env: ${envOf(row.name)}${fallback})`;
  const option = new Option(row.hint === '' ? flag : `${flag} ${row.hint}`, help);
  if (row.shape === 'many') return [option.argParser(collect)];
  return row.shape === 'one' ? [option] : [option, new Option(flag.replace('--', '--no-')).hideHelp()];
}

function collect(text: string, earlier: unknown): readonly string[] {
  return [...(Array.isArray(earlier) ? earlier.map(String) : []), text];
}

function givenSettings(
  rows: readonly Setting[],
  values: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, readonly string[]> {
  const given = new Map<string, readonly string[]>();
  for (const { name } of rows) {
    const value = values[name];
    if (Array.isArray(value)) given.set(name, value.map(String));
    else if (typeof value === 'string' || typeof value === 'boolean') given.set(name, [String(value)]);
  }
  return given;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function verbHelp(verb: AnyVerb): string {
  const examples = (verb.examples ?? []).map((example) => `  ${example}`);
  const first = examples.length === 0 ? [] : ['', 'EXAMPLES', ...examples];
  return [...first, '', exitCodesHelp()].join('\n');
}

function exitCodesHelp(): string {
  const lines = EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(2)}  ${meaning}`);
  return ['EXIT CODES', ...lines].join('\n');
}
