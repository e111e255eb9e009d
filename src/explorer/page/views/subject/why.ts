/** What a verdict rests on, as a tree: the claim on its commitment, the proof on what was observed, that on who signed it. */
import type { ComponentChildren, VNode } from 'preact';
import { shellWord } from '../../../../bytes/shellword.ts';
import type { Boot } from '../../../shared/boot.ts';
import { html } from '../../html.ts';
import { linkTo, logUrl } from '../../links.ts';
import { useAnswer, type Session } from '../../state/session.ts';
import type { WhyShown } from '../../worker/protocol.ts';
import { FaultNote } from '../checks.ts';
import { Command } from '../copied.ts';

export interface WhyProps {
  readonly boot: Boot;
  readonly session: Session;
  readonly subject: string;
  readonly claim: string;
  readonly at: string | undefined;
}

export function Why({ boot, session, subject, claim, at }: WhyProps): VNode {
  const { shown, fault } = useAnswer(session, {
    kind: 'why',
    subject,
    claim,
    ...(at !== undefined && { at }),
  });
  if (fault !== undefined) return html`<${FaultNote} fault=${fault} />`;
  if (shown === undefined) return html`<p role="status">The evidence is being verified again …</p>`;
  const moment = at === undefined ? '' : ` --at ${shellWord(at)}`;
  return html`<${WhyTree} boot=${boot} shown=${shown} />
    <${Command}
      text=${`tallystick why ${shellWord(subject)} ${shellWord(claim)} --log ${shellWord(logUrl(boot))}${moment}`}
    />`;
}

/** What hangs below what; the others hang below the verdict. */
const BELOW: Readonly<Record<string, string>> = {
  approval: 'commitment',
  deployment: 'commitment',
  waiver: 'commitment',
  observed: 'proof',
  slots: 'proof',
  evidence: 'proof',
  signature: 'evidence',
  limits: 'evidence',
};

type Row = WhyShown['rows'][number];

export function WhyTree({ boot, shown }: { readonly boot: Boot; readonly shown: WhyShown }): VNode {
  const { rows } = shown;
  const names = new Set(rows.map(({ name }) => name));
  const isBelow = ({ name }: Row, parent: string | undefined): boolean => {
    const above = BELOW[name];
    return (above !== undefined && names.has(above) ? above : undefined) === parent;
  };
  const branch = (parent: string | undefined): ComponentChildren => {
    const own = rows.filter((each) => isBelow(each, parent));
    if (own.length === 0) return null;
    return html`<ul>
      ${own.map(
        (row, i) =>
          html`<li key=${i}>
            <b>${row.name}</b> ${linkOf(boot, shown, row)}
            ${row.lines.map((each, n) => html`<span key=${n} class="why-line">${each}</span>`)}
            ${branch(row.name)}
          </li>`,
      )}
    </ul>`;
  };
  return html`<div class="why">${branch(undefined)}</div>`;
}

function linkOf(boot: Boot, { proof, commitment }: WhyShown, { name }: Row): VNode | null {
  const index = name === 'proof' ? proof : name === 'commitment' ? commitment : null;
  return index === null ? null : html`<a href=${linkTo(boot, { kind: 'entry', index })}>entry ${index}</a>`;
}
