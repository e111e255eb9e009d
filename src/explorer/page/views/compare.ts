/** The page /compare: two notes, or two servers, or one of each. */
import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatTime } from '../../../bytes/time.ts';
import { TITLES } from '../../shared/place.ts';
import { Drawn } from '../comparing/drawn.ts';
import type { ComparedShown, HeadCompared, Relation, Side } from '../comparing/protocol.ts';
import { Examiner } from '../examining/remote.ts';
import { html } from '../html.ts';
import { logUrl } from '../links.ts';
import { useSession } from '../state/session.ts';
import type { ViewProps } from '../view.ts';
import type { Fault, TrustShown } from '../worker/protocol.ts';
import { VerifierFault } from '../worker/remote.ts';
import { startWorker } from '../worker/start.ts';
import { Checks, FaultNote } from './checks.ts';
import { Download } from './download.ts';

export function Compare({ place, boot }: ViewProps<'compare'>): VNode {
  const session = useSession(boot);
  const here = logUrl(boot);
  const [texts, setTexts] = useState<readonly [string, string]>([here, '']);
  const [shown, setShown] = useState<ComparedShown | undefined>(undefined);
  const [fault, setFault] = useState<Fault | undefined>(undefined);
  const [working, setWorking] = useState(false);
  const own = session?.state.trust?.whose === 'reader';
  const examiner = useMemo(() => new Examiner(() => startWorker({ worker: `${boot.files}?others` })), [boot]);
  const compare = async (): Promise<void> => {
    setShown(undefined);
    setFault(undefined);
    setWorking(true);
    try {
      const trust = session?.trustText ?? '';
      const sides: readonly [Side, Side] = [sideOf(texts[0]), sideOf(texts[1])];
      setShown(await examiner.compare({ kind: 'compare', sides, trust, tiles: [here] }));
    } catch (error) {
      if (!(error instanceof VerifierFault)) throw error;
      setFault(error.fault);
    }
    setWorking(false);
  };
  return html`<h1>${TITLES[place.kind]}</h1>
    <p>
      Two heads of one log that are no beginning of each other prove that it told two histories. Paste or drop
      two signed notes (checkpoints), or name servers: a mirror, a monitor or a witness. This page asks the
      hosts that you name here, and no other one.
    </p>
    <${Sides}
      texts=${texts}
      set=${setTexts}
      hosts=${hostsOf(session?.state.trust, here)}
      working=${working}
      compare=${() => void compare()}
      stop=${() => examiner.stop()}
    />
    <div role="status">${working ? html`<p>Comparing …</p>` : null}</div>
    ${fault && html`<${FaultNote} fault=${fault} />`}
    ${shown && html`<${Result} compared=${shown} own=${own} />`}`;
}

interface SidesProps {
  readonly texts: readonly [string, string];
  readonly set: (texts: readonly [string, string]) => void;
  /** Of the reader's policy. */
  readonly hosts: readonly string[];
  readonly working: boolean;
  readonly compare: () => void;
  readonly stop: () => void;
}

function Sides({ texts, set, hosts, working, compare, stop }: SidesProps): VNode {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    compare();
  };
  const [one, other] = texts;
  const lacks = texts.some((text) => text.trim() === '');
  return html`<form class="compare" onSubmit=${submit}>
    <${SideField} label="First" text=${one} set=${(text: string) => set([text, other])} />
    <${SideField} label="Second" text=${other} set=${(text: string) => set([one, text])} />
    ${hosts.length > 0 && html`<p class="quiet">Of your policy: ${hosts.join(', ')}</p>`}
    <p class="buttons">
      <button class="main" type="submit" disabled=${working || lacks}>Compare</button>
      ${working && html`<button type="button" onClick=${stop}>Stop</button>`}
    </p>
  </form>`;
}

/** A signed note has lines; a URL is one. */
function sideOf(text: string): Side {
  const line = text.trim();
  return /^https?:\/\/\S+$/.test(line) ? { kind: 'url', url: line } : { kind: 'note', text };
}

/** Hosts that stand in the reader's own policy. Those that the server names are no reader's choice. */
function hostsOf(trust: TrustShown | undefined, here: string): readonly string[] {
  if (trust?.whose !== 'reader') return [];
  return trust.witnesses.flatMap(({ url }) => (url === null || url === here ? [] : [url]));
}

interface SideProps {
  readonly label: string;
  readonly text: string;
  readonly set: (text: string) => void;
}

function SideField({ label, text, set }: SideProps): VNode {
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file !== undefined && file.size < 1_000_000) void file.text().then(set);
  };
  return html`<label
    >${label}: a URL, or a signed note
    <textarea
      rows="4"
      spellcheck=${false}
      value=${text}
      onInput=${(event: InputEvent & { readonly currentTarget: HTMLTextAreaElement }) => set(event.currentTarget.value)}
      onDragOver=${(event: DragEvent) => event.preventDefault()}
      onDrop=${drop}
    ></textarea>
  </label>`;
}

const WORDS: Readonly<Record<Relation, readonly [style: string, word: string]>> = {
  same: ['proven', '● ONE HISTORY'],
  newer: ['proven', '● ONE HISTORY'],
  older: ['stale', '○ OLDER'],
  split: ['violated', '■ SPLIT VIEW'],
  open: ['unknown', '○ NOT KNOWN'],
  failed: ['violated', '■ NOT COMPARED'],
};

/** By the keys that the server names, nothing is green. */
function Result({ compared, own }: { readonly compared: ComparedShown; readonly own: boolean }): VNode {
  const { relation, what, checks, heads, incident, fault } = compared;
  const [meant, word] = WORDS[relation];
  const style = meant === 'proven' && !own ? 'unknown' : meant;
  return html`<section
    class=${`result ${style === 'proven' ? 'good' : style === 'violated' ? 'bad' : 'unsure'}`}
  >
    <h2>What came of it</h2>
    <p class=${`word ${style}`} role=${relation === 'split' ? 'alert' : undefined}>${word}</p>
    <p>
      ${what}${own ? '' : ' This is by the keys that the server of this page names: go by your own policy for evidence.'}
    </p>
    ${fault && html`<${FaultNote} fault=${fault} />`}
    <${Drawn} compared=${compared} />
    ${heads.map((head) => html`<${Head} head=${head} />`)}
    <${Checks} checks=${checks} />
    ${
      incident &&
      html`<p>
        <${Download} name=${incident.name} type="application/json" text=${incident.text}
          >Save the incident file<//
        >${' '}It proves to anybody who has the log's key that it told two histories.${' '}
        <code>tallystick verify-incident</code> checks it.
      </p>`
    }
  </section>`;
}

function Head({ head }: { readonly head: HeadCompared }): VNode {
  const { from, size, root, cosigned } = head;
  const who = cosigned.map(({ name, time }) => `${name} (${formatTime(time)})`).join(', ');
  return html`<dl class="facts">
    <dt>${from}</dt>
    <dd>${size.toLocaleString('en')} entries, root <code>${root}</code></dd>
    <dt>cosigned by</dt>
    <dd>${who === '' ? 'no witness of the policy' : who}</dd>
  </dl>`;
}
