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

/** `maxBytes` of `max-bytes`. */
type Camel<Word extends string> = Word extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Word;

/** `maxBytes` of `--max-bytes <n>`, `serve` of `--no-serve`; any text where the flags are not literal. */
type NameOf<F extends string> = string extends F
  ? string
  : F extends `--no-${infer Name}`
    ? Camel<Name>
    : F extends `--${infer Name} ${string}`
      ? Camel<Name>
      : F extends `--${infer Name}`
        ? Camel<Name>
        : never;

/** Names of the switches among the options. */
type SwitchName<O extends VerbOption> = O extends { readonly flags: `${string} ${string}` }
  ? never
  : NameOf<O['flags']>;
/** Names of those with a text. */
type TextName<O extends VerbOption> = O extends { readonly many: true }
  ? never
  : O extends { readonly flags: `${string} ${string}` }
    ? NameOf<O['flags']>
    : AnyName<O>;
/** Names of those that may be given several times. */
type ListName<O extends VerbOption> = O extends { readonly many: true } ? NameOf<O['flags']> : AnyName<O>;
type AnyName<O extends VerbOption> = string extends O['flags'] ? string : never;

/** What a verb is, whatever its own options. */
interface Described {
  readonly name: string;
  /** One line, lower case, no full stop. */
  readonly summary: string;
  /** What a user should know before the first use: a few sentences. */
  readonly details?: string;
  /** Operands as commander writes them: `<file>`, `[files...]`; with what each is. */
  readonly operands?: readonly (readonly [syntax: string, help: string])[];
  /** Rows of the settings table that this verb takes as flags, but those its own options name. */
  readonly settings?: readonly SettingName[] | 'all';
  /** Which directory's tallystick.yaml it reads when none is named; default: the data directory's. */
  readonly home?: 'dataDir' | 'witnessDir' | 'monitorDir' | 'agentDir' | 'none';
  /** Defaults of its own for settings that the table gives another, as they would be written. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Whether it reads, and so takes --json. */
  readonly json?: boolean;
  /** Full command lines, shown under EXAMPLES. */
  readonly examples?: readonly string[];
  /** Sub-verbs, instead of `run`. */
  readonly verbs?: readonly AnyVerb[];
  /** Of a sub-verb: it is meant when none is named. */
  readonly standard?: boolean;
}

/** One verb: one file in verbs/, made by `defineVerb`. `O`: its own options, so that `run` can ask for no other flag. */
export interface Verb<O extends readonly VerbOption[] = readonly []> extends Described {
  readonly options?: O;
  /** Does it. Resolves to the exit code; refusals are thrown. */
  readonly run?: (context: Context, operands: readonly string[], flags: FlagsOf<O>) => Promise<number>;
}

/**
 * A verb. The list of its options is read as it is written, so that a mistyped flag does not compile. Where other functions take
 * the flags too, they are `FlagsOf<typeof OPTIONS>`, with the list above them.
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

/** Any of them: its options are known when the program runs. */
export interface AnyVerb extends Described {
  readonly options?: readonly VerbOption[];
  readonly run?: (context: Context, operands: readonly string[], flags: AnyFlags) => Promise<number>;
}

/** Flags whose names are known when the program runs. */
export type AnyFlags = Flags<string, string, string>;

/** The flags of options. Those of more options stand for those of fewer. */
export type FlagsOf<O extends readonly VerbOption[]> = Flags<
  SwitchName<O[number]>,
  TextName<O[number]>,
  ListName<O[number]>
>;

/** The flags of a verb's own, read with a check instead of a cast: names of the switches, of those with a text, with several. */
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

/** Verbs under the headings of the help. */
export type VerbGroups = readonly (readonly [heading: string, verbs: readonly AnyVerb[]])[];
