/** Flags are typed from what a verb declares: what is mistyped does not compile (each `@ts-expect-error` is an assertion). */
import t from 'tap';
import {
  defineVerb,
  Flags,
  type AnyVerb,
  type FlagsOf,
  type Verb,
  type VerbOption,
} from '#src/cli/frame/verb.ts';

const WAIT = { flags: '--wait <seconds>', help: '' } as const satisfies VerbOption;
const FEWER = [
  { flags: '--out-dir <dir>', help: '' },
  { flags: '--list', help: '' },
  { flags: '--no-serve', help: '' },
  { flags: '--forget <origin>', help: '', many: true },
] as const satisfies readonly VerbOption[];
const MORE = [...FEWER, WAIT] as const satisfies readonly VerbOption[];

const waitOf = (flags: FlagsOf<readonly [typeof WAIT]>): string | undefined => flags.text('wait');

t.test('flags of more options stand for those of fewer, and no others', (t) => {
  const more: FlagsOf<typeof MORE> = new Flags({ wait: '5', outDir: 'x', list: true, forget: ['a', 'b'] });
  const fewer: FlagsOf<typeof FEWER> = more;
  t.equal(waitOf(more), '5');
  t.equal(fewer.text('outDir'), 'x');
  t.equal(fewer.on('list'), true);
  t.equal(fewer.on('serve'), false);
  t.strictSame(fewer.texts('forget'), ['a', 'b']);
  // @ts-expect-error: it has no --wait
  waitOf(fewer);
  t.end();
});

t.test('a name that no option has, or an option of another kind, does not compile', (t) => {
  const flags: FlagsOf<typeof MORE> = new Flags({ outDir: 'x', list: true, forget: ['a'] });
  // @ts-expect-error: mistyped
  t.equal(flags.text('outdir'), undefined);
  // @ts-expect-error: as it is written on the command line
  t.equal(flags.text('out-dir'), undefined);
  // @ts-expect-error: repeatable
  t.throws(() => flags.text('forget'), TypeError);
  // @ts-expect-error: a switch
  t.throws(() => flags.text('list'), TypeError);
  // @ts-expect-error: a text
  t.throws(() => flags.on('outDir'), TypeError);
  // @ts-expect-error: a text
  t.throws(() => flags.texts('outDir'), TypeError);
  // @ts-expect-error: negated flags have the name of what they negate
  t.equal(flags.on('noServe'), false);
  t.end();
});

t.test('a verb runs with the flags that it declares', async (t) => {
  const base = { name: 'try', summary: 'try' };
  const run = async (_: unknown, __: unknown, flags: FlagsOf<typeof MORE>): Promise<number> =>
    Number(flags.text('wait'));
  const whole: Verb<typeof MORE> = { ...base, options: MORE, run };
  // @ts-expect-error: it asks for --wait, which is not among its options
  const lacking: Verb<typeof FEWER> = { ...base, options: FEWER, run };
  // @ts-expect-error: options that the type does not name
  const silent: Verb = { ...base, options: MORE };
  const all: readonly AnyVerb[] = [whole, lacking, silent];
  t.equal(all.length, 3);
});

t.test('the options of a verb that is defined are read as they are written', async (t) => {
  const verb = defineVerb({
    name: 'try',
    summary: 'try',
    options: [{ flags: '--out <dir>', help: '' }, WAIT],
    run: async (_, __, flags) => {
      // @ts-expect-error: mistyped
      t.equal(flags.text('outt'), undefined);
      // @ts-expect-error: no switch
      t.throws(() => flags.on('out'), TypeError);
      return Number(flags.text('wait'));
    },
  });
  const given = new Flags({ out: 'x', wait: '5' });
  const any: AnyVerb = verb;
  t.equal(await any.run?.(Object.create(null), [], given), 5);
  // @ts-expect-error: a verb without options has no flags
  defineVerb({ name: 'try', summary: 'try', run: async (_, __, flags) => Number(flags.text('out')) });
});
