/** An entry: what it says first, then each check, which opens to its steps; bytes and hashes behind a fold. */
import type { ComponentChildren, VNode } from 'preact';
import { shellWord } from '../../../../bytes/shellword.ts';
import type { Boot } from '../../../shared/boot.ts';
import { rangeText, TreePath } from '../../draw/tree.ts';
import { html } from '../../html.ts';
import { linkTo, logUrl } from '../../links.ts';
import { useAnswer, type Session } from '../../state/session.ts';
import type { EntryFacts, EntryShown, PlaceShown } from '../../worker/protocol.ts';
import { Checks, FaultNote } from '../checks.ts';
import { Command } from '../copied.ts';
import { Download } from '../download.ts';
import { Changed, Leaves } from './leaves.ts';

interface Props {
  readonly boot: Boot;
  readonly session: Session;
  /** Index, or id. */
  readonly name: string;
  /** Whether it stands within another page, which names it. */
  readonly brief?: boolean;
}

/** Asks for the entry, and shows it. */
export function EntryShow({ boot, session, name, brief = false }: Props): VNode {
  const { shown, fault } = useAnswer(session, { kind: 'entry', name });
  if (fault !== undefined) return html`<${FaultNote} fault=${fault} />`;
  if (shown === undefined) return html`<p role="status">Entry ${name} is being read and verified …</p>`;
  const { entry, checks } = shown;
  return html`<div class="entry">
    ${shown.fault === null ? null : html`<${FaultNote} fault=${shown.fault} />`}
    ${entry === null ? html`<${Checks} checks=${checks} />` : html`<${Facts} ...${{ boot, session, entry, shown, brief }} />`}
  </div>`;
}

interface FactsProps {
  readonly boot: Boot;
  readonly session: Session;
  readonly entry: EntryFacts;
  readonly shown: EntryShown;
  readonly brief: boolean;
}

function Facts(props: FactsProps): VNode {
  const { boot, entry, shown, brief } = props;
  const { index, changes, place } = entry;
  // Within another page it stands below a heading of that page.
  const heading = brief ? 'h3' : 'h2';
  return html`<${Outcome} shown=${shown} />
    <${Says} ...${props} />
    ${changes === null ? null : html`<${Changes} changes=${changes} first=${entry.names.length === 0} heading=${heading} />`}
    ${brief ? null : html`<${Leaves} ...${props} />`}
    <${heading}>Checked by this browser<//>
    <${Checks} checks=${shown.checks} />
    ${brief || place === null ? null : html`<${Place} place=${place} />`}
    ${brief ? null : html`<${Raw} entry=${entry} />`}
    <${heading}>The same on the command line<//>
    <${Command} text=${`tallystick get ${index} --log ${shellWord(logUrl(boot))}`} />`;
}

function Outcome({ shown }: { readonly shown: EntryShown }): VNode {
  const failed = shown.checks.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0)
    return html`<p class="alarm" role="alert">
      <b class="violated">Does not hold: ${failed.map(({ name }) => name).join(', ')}.</b>
    </p>`;
  return shown.verified
    ? html`<p>
        <b class="checked">✓ In the log, and signed</b> by a key that the policy before it
        allows${skippedText(shown)}.
      </p>`
    : html`<p><b class="stale">Not verified</b>${skippedText(shown)}.</p>`;
}

/** What the entry says, by whom, and when it was logged. */
function Says({ boot, entry, brief }: FactsProps): VNode {
  const { index, kind, subject, signer, kid, rows, logged, names } = entry;
  const ofLog = kind === 'policy' || kind === 'notice';
  const about = ofLog ? subject : html`<a href=${linkTo(boot, { kind: 'subject', subject })}>${subject}</a>`;
  return html`<dl class="facts">
    <dt>Entry</dt>
    <dd><a href=${linkTo(boot, { kind: 'entry', index })}>${index}</a>, ${kind}</dd>
    ${brief ? null : html`<${Row} name="Subject" text=${about} />`}
    <dt>Signed by</dt>
    <dd>
      ${signer === null ? 'a key that the policy does not name' : html`<b>${signer}</b>`} ${' '}<code
        class="quiet"
        >${kid.slice(0, 16)}…</code
      >
    </dd>
    ${[...logged, ...rows].map(([name, text], i) => html`<${Row} key=${i} name=${name} text=${text} />`)}
    ${names.map(({ what, id }) => html`<${Row} key=${what} name=${what} text=${html`<${ById} boot=${boot} id=${id} />`} />`)}
  </dl>`;
}

function skippedText({ checks }: EntryShown): string {
  const skipped = checks.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name);
  return skipped.length === 0 ? '' : `; not checked: ${skipped.join(', ')}`;
}

function Row({ name, text }: { readonly name: string; readonly text: ComponentChildren }): VNode {
  return html`<dt>${name}</dt>
    <dd>${text}</dd>`;
}

/** Another entry, found by its id when it is opened. */
function ById({ boot, id }: { readonly boot: Boot; readonly id: string }): VNode {
  return html`<a href=${`${linkTo(boot, { kind: 'search' })}?digest=${id}`}
    ><code>${id.slice(0, 16)}…</code></a
  >`;
}

interface ChangesProps {
  readonly changes: NonNullable<EntryFacts['changes']>;
  /** Whether there is no declaration before it. */
  readonly first: boolean;
  readonly heading: 'h2' | 'h3';
}

function Changes({ changes, first, heading }: ChangesProps): VNode {
  if (changes.length === 0) return html`<p>It declares the same facts as the declaration before it.</p>`;
  return html`<${heading}>
      ${first ? 'What it declares: nothing was declared before it' : 'Different from the declaration before'}
    <//>
    <${Changed} changes=${changes} />`;
}

function Place({ place }: { readonly place: PlaceShown }): VNode {
  return html`<details class="place">
    <summary>The way to the signed root: ${place.steps.length} hashes</summary>
    <${TreePath} place=${place} />
    <ol>
      <li>leaf ${place.index}: SHA-256(0x00 ‖ entry) = <code>${place.leaf}</code></li>
      ${place.steps.map(
        ({ child, sibling, parent }) =>
          html`<li key=${parent.hash}>
            ${rangeText(parent)}: SHA-256(0x01 ‖
            <code>${(child.start < sibling.start ? child : sibling).hash}</code> ‖${' '}
            <code>${(child.start < sibling.start ? sibling : child).hash}</code>) =
            <code>${parent.hash}</code>; the proof gives ${rangeText(sibling)}
          </li>`,
      )}
      <li>signed root of ${place.size} entries: <code>${place.root}</code></li>
    </ol>
  </details>`;
}

function Raw({ entry }: { readonly entry: EntryFacts }): VNode {
  const { id, bytes, receipt, proof, issuer, kid, index } = entry;
  return html`<details class="raw">
    <summary>Bytes, hashes and files</summary>
    <dl class="facts">
      <dt>id</dt>
      <dd><code>${id}</code></dd>
      <dt>key</dt>
      <dd><code>${kid}</code></dd>
      <dt>issuer</dt>
      <dd>${issuer}</dd>
      <dt>bytes</dt>
      <dd>${bytes.length.toLocaleString('en')}</dd>
    </dl>
    <p>
      <${Download} name=${`entry-${index}.cose`} type="application/cose" text=${bytes}>Save the statement<//
      >${' '}
      ${
        receipt &&
        html`<${Download} name=${`entry-${index}.receipt`} type="application/cose" text=${receipt}
          >Save the receipt<//
        >`
      }${' '}
      <${Download} name=${`entry-${index}.tlog-proof`} type="text/plain" text=${proof}
        >Save the .tlog-proof<//
      >
    </p>
    <pre tabindex="0" aria-label="Bytes of the entry, hex">${hexLines(bytes)}</pre>
  </details>`;
}

/** Bytes of an entry that are shown as hex. */
const MOST_HEX = 4_096;

function hexLines(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, MOST_HEX).toHex();
  const more =
    bytes.length > MOST_HEX ? `\n… and ${bytes.length - MOST_HEX} bytes more: save the statement` : '';
  return `${shown.match(/.{1,64}/g)?.join('\n') ?? ''}${more}`;
}
