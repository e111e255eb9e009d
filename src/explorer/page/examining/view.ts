/** Files are dropped or chosen, and a policy is pasted: the same on /verify and in verify.html. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.ts';
import { FaultNote } from '../views/checks.ts';
import type { Fault, TrustShown } from '../worker/protocol.ts';
import { faultIn } from '../worker/remote.ts';
import { droppedFiles, readGiven, type Given } from './given.ts';
import type { FileVerdict, GivenFile, GoneBy } from './protocol.ts';
import type { Examiner, Progress } from './remote.ts';
import { Verdicts } from './verdicts.ts';

export interface ExamineProps {
  readonly examiner: Examiner;
  /** A policy that is the reader's own already. */
  readonly kept?: string | undefined;
}

interface State {
  readonly text: string;
  readonly trust: TrustShown | undefined;
  /** What was given for `trust`: a text that was pasted and not gone by is none. */
  readonly by: GoneBy | null;
  /** Policies among the files, which are not gone by. */
  readonly passed: readonly string[];
  readonly files: readonly GivenFile[];
  readonly verdicts: readonly FileVerdict[] | undefined;
  readonly progress: Progress | 'begun' | undefined;
  readonly fault: Fault | undefined;
}

const BEGIN: State = {
  text: '',
  trust: undefined,
  by: null,
  passed: [],
  files: [],
  verdicts: undefined,
  progress: undefined,
  fault: undefined,
};

export function Examine({ examiner, kept }: ExamineProps): VNode {
  const [state, setState] = useState<State>({ ...BEGIN, text: kept ?? '' });
  const latest = useRef(state);
  const set = (change: Partial<State>): void => {
    latest.current = { ...latest.current, ...change };
    setState(latest.current);
  };
  const work = new Work(examiner, latest, set);
  useEffect(() => {
    if (kept !== undefined) void work.goBy(kept);
  }, [kept]);
  const { text, trust, passed, verdicts, progress, fault } = state;
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    if (event.dataTransfer !== null) void droppedFiles(event.dataTransfer).then((all) => work.give(all));
  };
  return html`<div class="examine" onDragOver=${(event: DragEvent) => event.preventDefault()} onDrop=${drop}>
    <${Policy} text=${text} trust=${trust} work=${work} set=${set} />
    <h2>What to verify</h2>
    <p>
      Drop files here: a receipt or statement (.cose, .cbor), a .tlog-proof, the files or the folder of a
      proof directory, an incident (.json), an audit bundle (.zip). Several together are examined together.
    </p>
    <${Buttons} state=${state} work=${work} stop=${() => examiner.stop()} />
    <div role="status" class="working">
      ${progress === undefined ? null : html`<${Working} progress=${progress} />`}
    </div>
    ${
      passed.length === 0
        ? null
        : html`<p class="note" role="status">
            Not gone by: ${passed.join(', ')}. Whoever gave you the files chose it. If it is yours, drop it
            alone.
          </p>`
    }
    ${fault && html`<${FaultNote} fault=${fault} />`}
    ${verdicts && html`<${Verdicts} verdicts=${verdicts} />`}
  </div>`;
}

interface ButtonsProps {
  readonly state: State;
  readonly work: Work;
  readonly stop: () => void;
}

function Buttons({ state: { files, progress }, work, stop }: ButtonsProps): VNode {
  const again = files.length > 0 && progress === undefined;
  return html`<p class="buttons">
    <label class="choose">
      Choose files
      <input
        type="file"
        multiple
        onChange=${(event: Event & { readonly currentTarget: HTMLInputElement }) =>
          void work.give([...(event.currentTarget.files ?? [])])}
      />
    </label>
    ${again && html`<button type="button" onClick=${() => void work.examine()}>Verify again</button>`}
    ${progress !== undefined && html`<button type="button" onClick=${stop}>Stop</button>`}
  </p>`;
}

function Working({ progress }: { readonly progress: Progress | 'begun' }): VNode {
  if (progress === 'begun') return html`<p>Verifying …</p>`;
  const { what, done, of } = progress;
  return html`<p>
    Verifying ${what}: ${done.toLocaleString('en')} of ${of.toLocaleString('en')}
    <progress max=${Math.max(1, of)} value=${done} aria-label="Verified"></progress>
  </p>`;
}

interface PolicyProps {
  readonly text: string;
  readonly trust: TrustShown | undefined;
  readonly work: Work;
  readonly set: (change: Partial<State>) => void;
}

function Policy({ text, trust, work, set }: PolicyProps): VNode {
  return html`<form
    class="paste"
    onSubmit=${(event: SubmitEvent) => {
      event.preventDefault();
      void work.goBy(text);
    }}
  >
    <h2>Whose keys you go by</h2>
    <p>
      ${
        trust === undefined
          ? html`<b>Nobody's yet</b>: nothing can be VERIFIED. Take the policy from a place that whoever sent
              you the files has no hand in.`
          : html`<b>Your policy</b>, fingerprint <code>${trust.fingerprint}</code>;
              logs:${' '}${trust.logs.join(', ') || 'none'}; quorum:
              ${trust.quorum}${
                trust.receiptKeys.length === 0
                  ? ''
                  : `; keys of receipts: ${trust.receiptKeys.map((each) => each.slice(0, 16)).join(', ')}`
              }.`
      }
    </p>
    <label>
      A trust policy (tlog-policy), or verifier keys, one a line: paste it, or drop the file alone. The log's
      keys for receipts (COSE) are dropped alone, too.
      <textarea
        rows="4"
        spellcheck=${false}
        value=${text}
        onInput=${(event: InputEvent & { readonly currentTarget: HTMLTextAreaElement }) =>
          set({ text: event.currentTarget.value })}
      ></textarea>
    </label>
    <p class="buttons">
      <button class="main" type="submit" disabled=${text.trim() === ''}>Go by this policy</button>
    </p>
  </form>`;
}

/** What the buttons do. */
class Work {
  readonly #examiner: Examiner;
  readonly #latest: { readonly current: State };
  readonly #set: (change: Partial<State>) => void;

  constructor(
    examiner: Examiner,
    latest: { readonly current: State },
    set: (change: Partial<State>) => void,
  ) {
    this.#examiner = examiner;
    this.#latest = latest;
    this.#set = set;
  }

  /** Goes by a policy, or by keys for receipts, from now on, and examines the files again. What cannot be read changes nothing. */
  async goBy(text: string, keys = this.#latest.current.by?.keys ?? null): Promise<void> {
    await this.#guarded(async () => {
      const by = { text, keys };
      const trust = await this.#examiner.trust(by);
      // What was said under another policy is no longer said.
      this.#set({ trust, by, verdicts: undefined, text });
    });
    if (this.#latest.current.fault === undefined && this.#latest.current.files.length > 0)
      await this.examine();
  }

  async give(chosen: readonly File[]): Promise<void> {
    if (chosen.length === 0) return;
    let given: Given | undefined;
    await this.#guarded(async () => {
      given = await readGiven(chosen);
      const { files, passed } = given;
      // What was said of others does not stand beside what comes now.
      this.#set({ passed, verdicts: undefined });
      if (files.length > 0) this.#set({ files });
    });
    const { trust, keys } = given ?? {};
    if (trust !== undefined) await this.goBy(trust);
    else if (keys !== undefined) await this.goBy(this.#latest.current.by?.text ?? '', keys);
    else if (this.#latest.current.fault === undefined) await this.examine();
  }

  async examine(): Promise<void> {
    const { files, by } = this.#latest.current;
    await this.#guarded(async () => {
      this.#set({ progress: 'begun', verdicts: undefined });
      this.#set({
        verdicts: await this.#examiner.files(files, by, (progress) => this.#set({ progress })),
      });
    });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    this.#set({ fault: undefined });
    try {
      await work();
    } catch (error) {
      this.#set({ fault: faultIn(error) });
    }
    this.#set({ progress: undefined });
  }
}
