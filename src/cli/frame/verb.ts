/**
 * A verb of the command line: data for the parser, the help and the completion scripts, and one function. The function
 * reaches the outside through `Context` alone, so that tests run it without a process.
 */
import type { Context } from './context.ts';
import type { SettingName } from './settings.ts';

/** A flag that only this verb has; flags of settings come from the table (settings.ts). */
export interface VerbOption {
  /** `--out <file>`, `--wait <seconds>`, `--explain`. */
  readonly flags: string;
  readonly help: string;
  /** May be given several times; read with `Flags.texts`. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
}

/** `maxBytes` of `max-bytes`. */
type Camel<Word extends string> = Word extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Word;

/** `maxBytes` of `--max-bytes <n>`, `serve` of `--no-serve`; any text where the flags are not literal. */
type NameOf<F extends string> = string extends F
  ? string
  : F extends `--no-${infer Name}`
    ? Camel<Name>
    : F extends `-${string}, ${infer Long}`
      ? NameOf<Long>
      : F extends `--${infer Name} ${string}`
        ? Camel<Name>
        : F extends `--${infer Name}`
          ? Camel<Name>
          : never;

/** Names of the switches among the options. */
type SwitchName<O extends VerbOption> = O extends { readonly flags: `${string} ${string}` }
  ? never
  : NameOf<O['flags']>;
/** Names of the options with one text. */
type TextName<O extends VerbOption> = O extends { readonly many: true }
  ? never
  : O extends { readonly flags: `${string} ${string}` }
    ? NameOf<O['flags']>
    : AnyName<O>;
/** Names of the options that may be given several times. */
type ListName<O extends VerbOption> = O extends { readonly many: true } ? NameOf<O['flags']> : AnyName<O>;
type AnyName<O extends VerbOption> = string extends O['flags'] ? string : never;

/** The members of a verb that do not depend on its options. */
interface Described {
  readonly name: string;
  /** One line, lower case, no full stop. */
  readonly summary: string;
  /** What a user should know before the first use: a few sentences. */
  readonly details?: string;
  /** Operands as commander writes them: `<file>`, `[files...]`; with what each is. */
  readonly operands?: readonly (readonly [syntax: string, help: string])[];
  /** Settings that this verb takes as flags, except those that one of its own options replaces. */
  readonly settings?: readonly SettingName[] | 'all';
  /** The directory whose tallystick.yaml the verb reads if the user names no file. Default: `dataDir`. */
  readonly home?: 'dataDir' | 'witnessDir' | 'monitorDir' | 'agentDir' | 'none';
  /** Defaults that replace those of the settings table, by setting name, as a file would write them. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Whether the verb takes --json. */
  readonly json?: boolean;
  /** Full command lines, shown under EXAMPLES. */
  readonly examples?: readonly string[];
  /** Sub-verbs, instead of `run`. */
  readonly verbs?: readonly AnyVerb[];
  /** Of a sub-verb: it runs if the command line names none. */
  readonly standard?: boolean;
}

/** One verb: one file in verbs/, made by `defineVerb`. `O`: its own options; reading any other flag in `run` does not compile. */
export interface Verb<O extends readonly VerbOption[] = readonly []> extends Described {
  readonly options?: O;
  /** Runs the verb and resolves to the exit code. Throws refusals. */
  readonly run?: (context: Context, operands: readonly string[], flags: FlagsOf<O>) => Promise<number>;
}

/**
 * Makes a verb. The types of its flags come from the list of its options, so that a mistyped flag does not compile. A
 * function that takes the flags, too, names their type `FlagsOf<typeof OPTIONS>`, with the list as a constant above it.
 *
 *     export const getVerb = defineVerb({
 *       name: 'get',
 *       options: [{ flags: '--out <dir>', help: 'where to' }],
 *       run: async (context, [entry = ''], flags) => { … flags.text('out') … },
 *     });
 */
export function defineVerb<const O extends readonly VerbOption[] = readonly []>(verb: Verb<O>): Verb<O> {
  return verb;
}

/** A verb whose options are known only at run time. */
export interface AnyVerb extends Described {
  readonly options?: readonly VerbOption[];
  readonly run?: (context: Context, operands: readonly string[], flags: AnyFlags) => Promise<number>;
}

/** Flags whose names are known only at run time. */
export type AnyFlags = Flags<string, string, string>;

/** The flags of a list of options. A function that takes the flags of few options takes those of more, too. */
export type FlagsOf<O extends readonly VerbOption[]> = Flags<
  SwitchName<O[number]>,
  TextName<O[number]>,
  ListName<O[number]>
>;

/** A verb's own flags, read with a check instead of a cast. `S`: names of switches, `T`: of texts, `M`: of lists. */
export class Flags<in S extends string, in T extends string, in M extends string> {
  readonly #values: Readonly<Record<string, unknown>>;

  /** Values by camelCase name, as commander gives them. */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** Whether a switch such as `--explain` was given. */
  on(name: S): boolean {
    const value = this.#values[name];
    if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`--${name} is not a switch`);
    return value === true;
  }

  /** The text of `--out <file>`; undefined when it was not given. */
  text(name: T): string | undefined {
    const value = this.#values[name];
    if (value !== undefined && typeof value !== 'string') throw new TypeError(`--${name} is not a text`);
    return value;
  }

  /** The texts of a repeatable flag, in order; empty when it was not given. */
  texts(name: M): readonly string[] {
    const value = this.#values[name] ?? [];
    if (!Array.isArray(value)) throw new TypeError(`--${name} is not repeatable`);
    return value.map(String);
  }
}

/** The verbs under each heading of the help. */
export type VerbGroups = readonly (readonly [heading: string, verbs: readonly AnyVerb[]])[];
