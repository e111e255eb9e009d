/**
 * What a verb of the command line is: data for the parser, the help and the completion scripts, and one
 * function. A verb does its work through `Context` alone, so tests run it without a process.
 */
import type { Context } from './context.ts';
import type { SettingName } from './settings.ts';

/** A flag of a verb's own, beside the settings it takes. */
export interface VerbOption {
  /** `--out <file>`, `--wait <seconds>`, `--explain`. */
  readonly flags: string;
  readonly help: string;
  /** May be given several times; read with `Flags.texts`. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
}

/** One verb: one file in verbs/. */
export interface Verb {
  readonly name: string;
  /** One line, lower case, no full stop. */
  readonly summary: string;
  /** What a user should know before the first use: a few sentences. */
  readonly details?: string;
  /** Operands as commander writes them: `<file>`, `[files...]`; with what each is. */
  readonly operands?: readonly (readonly [syntax: string, help: string])[];
  /** Rows of the settings table that this verb takes as flags, but those its own options name. */
  readonly settings?: readonly SettingName[] | 'all';
  readonly options?: readonly VerbOption[];
  /** Which directory's tallystick.yaml it reads when none is named; default: the data directory's. */
  readonly home?: 'dataDir' | 'witnessDir' | 'monitorDir' | 'agentDir' | 'none';
  /** Defaults of its own for settings that the table gives another, as they would be written. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Whether it reads, and so takes --json. */
  readonly json?: boolean;
  /** Full command lines, shown under EXAMPLES. */
  readonly examples?: readonly string[];
  /** Sub-verbs, instead of `run`. */
  readonly verbs?: readonly Verb[];
  /** Of a sub-verb: it is meant when none is named. */
  readonly standard?: boolean;
  /** Does it. Resolves to the exit code; refusals are thrown. */
  readonly run?: (context: Context, operands: readonly string[], flags: Flags) => Promise<number>;
}

/** The flags of a verb's own, read with a check instead of a cast. Asking for an undeclared type is a bug. */
export class Flags {
  readonly #values: Readonly<Record<string, unknown>>;

  /** Values by camelCase name, as commander gives them. */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** Whether a switch such as `--explain` was given. */
  on(name: string): boolean {
    const value = this.#values[name];
    if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`--${name} is not a switch`);
    return value === true;
  }

  /** The text of `--out <file>`; undefined when it was not given. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value !== undefined && typeof value !== 'string') throw new TypeError(`--${name} is not a text`);
    return value;
  }

  /** The texts of a repeatable flag, in order; empty when it was not given. */
  texts(name: string): readonly string[] {
    const value = this.#values[name] ?? [];
    if (!Array.isArray(value)) throw new TypeError(`--${name} is not repeatable`);
    return value.map(String);
  }
}

/** Verbs under the headings of the help. */
export type VerbGroups = readonly (readonly [heading: string, verbs: readonly Verb[]])[];
