/** `tallystick completion`: prints a completion script for a shell. */
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { completionScript, SHELLS } from '../frame/completion.ts';
import { buildProgram } from '../frame/program.ts';
import type { Verb, VerbGroups } from '../frame/verb.ts';

/** `loadVerbs`: loads every verb, this one included. */
export const completionVerb = (loadVerbs: () => Promise<VerbGroups>): Verb => ({
  name: 'completion',
  summary: 'print a completion script for your shell',
  operands: [['<shell>', SHELLS.join(', ')]],
  examples: [
    'source <(tallystick completion bash)',
    'tallystick completion zsh > ~/.zfunc/_tallystick',
    'tallystick completion fish > ~/.config/fish/completions/tallystick.fish',
    'tallystick completion powershell >> $PROFILE',
  ],
  run: async ({ output }, [name]) => {
    const shell = SHELLS.find((each) => each === name);
    if (shell === undefined) throw refuse('usage', `completion knows ${SHELLS.join(', ')}`);
    output.write(completionScript(buildProgram(await loadVerbs()), shell));
    return EXIT.ok;
  },
});
