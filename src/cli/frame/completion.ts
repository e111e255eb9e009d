/**
 * Completion scripts for four shells. Each is written from the commander tree, so that a shell completes exactly the
 * verbs, flags and choices that the parser knows. The scripts are static: TAB starts no process.
 */
import type { Command, Option } from 'commander';

/** One place on a command line: after `tallystick`, `tallystick config`, `tallystick config show`… */
interface Place {
  /** `` , `config`, `config show`. */
  readonly path: string;
  readonly verbs: readonly (readonly [name: string, summary: string])[];
  readonly options: readonly Choice[];
}

/** One flag. `values`: its choices; undefined for a switch, empty if it takes a file name or free text. */
interface Choice {
  readonly flag: string;
  readonly help: string;
  readonly values: readonly string[] | undefined;
}

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script of a shell. */
export function completionScript(program: Command, shell: Shell): string {
  const write: Record<Shell, (places: readonly Place[]) => string> = { bash, zsh, fish, powershell };
  return write[shell](placesOf(program, '', program.options));
}

function placesOf(command: Command, path: string, globals: readonly Option[]): readonly Place[] {
  const options = [...new Set([...command.options, ...globals])].filter((option) => !option.hidden);
  const verbs = command.commands.map((verb) => [verb.name(), verb.summary()] as const);
  const help: Choice = { flag: '--help', help: 'display help for command', values: undefined };
  const here: Place = { path, verbs, options: [...options.map(choiceOf), help] };
  const below = command.commands.flatMap((verb) => placesOf(verb, `${path} ${verb.name()}`.trim(), globals));
  return [here, ...below];
}

function choiceOf({ long, description, required, argChoices }: Option): Choice {
  return { flag: long ?? '', help: description, values: required ? (argChoices ?? []) : undefined };
}

function bash(places: readonly Place[]): string {
  return `# bash completion for tallystick: source it, or save it as
# ~/.local/share/bash-completion/completions/tallystick
_tallystick() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${pathPattern(places)}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at:$prev" in
${valueCases(places, (values) => (values.length === 0 ? 'COMPREPLY=($(compgen -f -- "$cur")); return' : `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$cur")); return`))}
  esac
  case "$at" in
${places.map((place) => `    '${pad(place.path)}') words='${wordsOf(place)}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ $cur == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -F _tallystick tallystick
`;
}

function zsh(places: readonly Place[]): string {
  const described = (place: Place): string =>
    place.verbs.map(([name, summary]) => `'${name}:${plain(summary)}'`).join(' ');
  const flags = (place: Place): string =>
    place.options.map(({ flag, help }) => `'${flag}:${plain(help)}'`).join(' ');
  return `#compdef tallystick
# zsh completion for tallystick: save it as _tallystick in a directory of $fpath
_tallystick() {
  local at='' word i
  local -a verbs flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$at $words[i]" in
      ${pathPattern(places)}) at="$at $words[i]" ;;
    esac
  done
  case "$at:$words[CURRENT-1]" in
${valueCases(places, (values) => (values.length === 0 ? '_files; return' : `compadd -- ${values.join(' ')}; return`))}
  esac
  case "$at" in
${places.map((place) => `    '${pad(place.path)}') verbs=(${described(place)}); flags=(${flags(place)}) ;;`).join('\n')}
  esac
  if [[ $words[CURRENT] == -* ]]; then _describe flag flags; return; fi
  if (( $#verbs )); then _describe verb verbs; else _files; fi
}
compdef _tallystick tallystick
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const test = `-n "test (__tallystick_at) = '${pad(place.path)}'"`;
    const verbs = place.verbs.map(
      ([name, summary]) => `complete -c tallystick -f ${test} -a ${name} -d '${plain(summary)}'`,
    );
    const flags = place.options.map(({ flag, help, values }) => {
      const takes = values === undefined ? '' : values.length === 0 ? ' -r' : ` -x -a '${values.join(' ')}'`;
      return `complete -c tallystick ${test} -l ${flag.slice(2)}${takes} -d '${plain(help)}'`;
    });
    return [...verbs, ...flags];
  });
  return `# fish completion for tallystick: save it as ~/.config/fish/completions/tallystick.fish
function __tallystick_at
  set -l at ''
  for word in (commandline -opc)[2..]
    switch "$at $word"
      case ${places.flatMap((place) => (place.path === '' ? [] : [`' ${place.path}'`])).join(' ')}
        set at "$at $word"
    end
  end
  echo "$at"
end
${lines.join('\n')}
`;
}

function powershell(places: readonly Place[]): string {
  const rows = places.map((place) => {
    const words = [...place.verbs.map(([name]) => name), ...place.options.map(({ flag }) => flag)];
    return `    '${pad(place.path)}' = @(${words.map((word) => `'${word}'`).join(', ')})`;
  });
  const values = places.flatMap((place) =>
    place.options.flatMap(({ flag, values: given }) =>
      given === undefined || given.length === 0
        ? []
        : [`    '${pad(place.path)}:${flag}' = @(${given.map((word) => `'${word}'`).join(', ')})`],
    ),
  );
  return `# PowerShell completion for tallystick: dot-source it from $PROFILE
Register-ArgumentCompleter -Native -CommandName tallystick -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $places = @{
${rows.join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $at = ''
  $previous = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $previous = $element.ToString()
    if ($places.ContainsKey("$at $previous")) { $at = "$at $previous" }
  }
  $words = $values["\${at}:\${previous}"]
  if (-not $words) { $words = $places[$at] }
  $words | Where-Object { $_ -like "$wordToComplete*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`;
}

/** `' config'|' config show'`: every path of verbs, as a pattern of `case`. */
function pathPattern(places: readonly Place[]): string {
  return places.flatMap(({ path }) => (path === '' ? [] : [`'${pad(path)}'`])).join('|');
}

/** Arms of `case` for the flags that take a value, `' verb:--flag'`. Flags with equal completions share an arm. */
function valueCases(places: readonly Place[], arm: (values: readonly string[]) => string): string {
  const byArm = new Map<string, string[]>();
  for (const { path, options } of places) {
    for (const { flag, values } of options) {
      if (values === undefined) continue;
      const does = arm(values);
      byArm.set(does, [...(byArm.get(does) ?? []), `'${pad(path)}:${flag}'`]);
    }
  }
  return [...byArm].map(([does, patterns]) => `    ${patterns.join('|')}) ${does} ;;`).join('\n');
}

function wordsOf({ verbs, options }: Place): string {
  return [...verbs.map(([name]) => name), ...options.map(({ flag }) => flag)].join(' ');
}

/** A path as the scripts build it: with a blank before each word. */
function pad(path: string): string {
  return path === '' ? '' : ` ${path}`;
}

/** A text that can stand in single quotes and in zsh's `name:description` lists. */
function plain(text: string): string {
  return text.replaceAll("'", '’').replaceAll(':', '').replaceAll('\\', '');
}
