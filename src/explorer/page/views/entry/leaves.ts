/** The leaves of a declaration against those of the one before it, as far as their owner opened them to the reader. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { shellWord } from '../../../../bytes/shellword.ts';
import type { Boot } from '../../../shared/boot.ts';
import { droppedFiles, readGiven } from '../../examining/given.ts';
import { html } from '../../html.ts';
import { logUrl } from '../../links.ts';
import type { Session } from '../../state/session.ts';
import type { ChangeShown, EntryFacts, Fault, LeavesShown } from '../../worker/protocol.ts';
import { faultIn } from '../../worker/remote.ts';
import { FaultNote } from '../checks.ts';
import { Command } from '../copied.ts';

interface Props {
  readonly boot: Boot;
  readonly session: Session;
  readonly entry: EntryFacts;
}

export function Leaves({ boot, session, entry }: Props): VNode | null {
  const [shown, setShown] = useState<LeavesShown | undefined>(undefined);
  const [fault, setFault] = useState<Fault | undefined>(undefined);
  const leaves = shown ?? entry.leaves;
  if (leaves === null) return null;
  const give = async (chosen: readonly File[]): Promise<void> => {
    setFault(undefined);
    setShown(undefined);
    try {
      const { files } = await readGiven(chosen);
      if (files.length === 0) throw new Error('none of these files opens leaves');
      setShown(await session.ask({ kind: 'leaves', name: String(entry.index), files }).result);
    } catch (error) {
      setFault(faultIn(error));
    }
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    if (event.dataTransfer !== null) void droppedFiles(event.dataTransfer).then(give);
  };
  const before = entry.names.find(({ what }) => what === 'replaces')?.id;
  const { subject, index } = entry;
  const same = `registry diff ${shellWord(subject)} ${before?.slice(0, 16)} ${index} --leaves FILE`;
  return html`<section
    class="leaves"
    onDragOver=${(event: DragEvent) => event.preventDefault()}
    onDrop=${drop}
  >
    <h2>Leaf by leaf</h2>
    <p role="status">${leaves.text}.</p>
    <${Changed} changes=${leaves.changes} />
    ${leaves.isWhole ? null : html`<${Choose} give=${give} />`}
    ${fault && html`<${FaultNote} fault=${fault} />`}
    ${before && html`<${Command} text=${`tallystick ${same} --log ${shellWord(logUrl(boot))}`} />`}
  </section>`;
}

function Choose({ give }: { readonly give: (files: readonly File[]) => Promise<void> }): VNode {
  return html`<p>
    Only their owner can open leaves. Drop files here that you were given (leaves.json, opening.json,
    disclosure.json or openings.json, of this declaration and of the one before it): each leaf is checked
    against the logged root. They do not leave this browser.${' '}
    <label class="choose">
      Choose files
      <input
        type="file"
        multiple
        onChange=${(event: Event & { readonly currentTarget: HTMLInputElement }) => void give([...(event.currentTarget.files ?? [])])}
      />
    </label>
  </p>`;
}

/** What differs, by name. */
export function Changed({ changes }: { readonly changes: readonly ChangeShown[] }): VNode | null {
  if (changes.length === 0) return null;
  return html`<ul class="changes">
    ${changes.map(
      ({ name, before, after }) =>
        html`<li key=${name}>
          <code>${name}</code>${' '} ${before === null ? null : html`<del>${before}</del>`}
          ${before !== null && after !== null ? ' → ' : null}
          ${after === null ? null : html`<ins>${after}</ins>`}
        </li>`,
    )}
  </ul>`;
}
