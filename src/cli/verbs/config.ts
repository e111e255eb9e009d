/** `tallystick config show|validate`: prints every setting and where its value came from; checks the configuration. */
import { relative } from 'node:path';
import { EXIT } from '../exit.ts';
import { checkLogOptions } from '../../service/open.ts';
import type { Context } from '../frame/context.ts';
import { logOptions } from './serve/options.ts';
import { envOf, flagOf, settings, type SettingValue } from '../frame/settings.ts';
import { defineVerb, type Verb } from '../frame/verb.ts';

const showVerb = defineVerb({
  name: 'show',
  summary: 'print every setting in force',
  details: 'Keys are shown as file paths only, never their contents.',
  settings: 'all',
  options: [{ flags: '--origin', help: 'print where each value came from' }],
  json: true,
  examples: ['tallystick config show --origin', 'TALLYSTICK_PORT=8080 tallystick config show --json'],
  run: async (context, _, flags) => show(context, flags.on('origin')),
});

const validateVerb: Verb = {
  name: 'validate',
  summary: 'check the configuration that serve would use, and the files it names',
  settings: 'all',
  json: true,
  examples: ['tallystick config validate', 'tallystick --config /etc/tallystick.yaml config validate'],
  run: async (context) => validate(context),
};

export const configVerb: Verb = {
  name: 'config',
  summary: 'show or check the configuration',
  details: `A flag outranks the environment, that the file, that the default. Every setting:\n${table()}`,
  examples: ['tallystick config show --origin', 'tallystick config validate'],
  verbs: [showVerb, validateVerb],
};

function show({ resolved, output, world }: Context, withOrigin: boolean): number {
  const name = (file: string): string => (file.startsWith('/') ? relative(world.cwd, file) : file);
  for (const { name: key, value, where } of resolved.settled) {
    const line = `${key}: ${display(value)}`;
    output.print(withOrigin ? `${line.padEnd(50)} ${output.paint('dim', `# ${name(where)}`)}` : line);
  }
  const rows = resolved.settled.map(({ name: key, value, source, where }) => ({
    key,
    value: value ?? null,
    source,
    where,
  }));
  output.result('config-show', { file: resolved.file ?? null, settings: rows });
  return EXIT.ok;
}

async function validate(context: Context): Promise<number> {
  await checkLogOptions(logOptions(context));
  const { resolved, output } = context;
  output.print(
    `the configuration is valid${resolved.file === undefined ? ' (no file was read)' : `: ${resolved.file}`}`,
  );
  output.result('config-validate', { valid: true, file: resolved.file ?? null });
  return EXIT.ok;
}

function display(value: SettingValue): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function table(): string {
  const rows = settings().map(
    ({ name, hint, help }) => `  ${name}\n    ${flagOf(name)} ${hint}  ${envOf(name)}\n    ${help}`,
  );
  return rows.join('\n');
}
