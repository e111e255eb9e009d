/** What part of time is shown, as of when, how much was verified, and a stop. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { formatTime } from '../../../../bytes/time.ts';
import { spanOf } from '../../../../words/plain.ts';
import { html } from '../../html.ts';
import type { Period } from '../../worker/protocol.ts';
import type { Known } from './known.ts';
import { laterOf, ZOOMS, type View, type Zoom } from './period.ts';
import type { Change } from './window.ts';

export interface ControlsProps {
  readonly view: View;
  /** The period that is drawn. */
  readonly drawn: Period;
  readonly change: (change: Change) => void;
  readonly known: Known;
  readonly stop: () => void;
}

const NAMES: readonly Zoom[] = ['hour', 'day', 'month', 'year'];

export function Controls({ view, drawn, change, known, stop }: ControlsProps): VNode {
  const { zoom, period, end, whole } = view;
  const until = view.at === undefined ? period.until : drawn.until;
  const step = ZOOMS[zoom];
  return html`<div class="controls">
    <div class="group" role="group" aria-label="At most so much time">
      At most one
      ${NAMES.map(
        (name) =>
          html`<button
            key=${name}
            type="button"
            aria-pressed=${name === zoom}
            onClick=${() => change({ zoom: name })}
          >
            ${name}
          </button>`,
      )}
    </div>
    <div class="group" role="group" aria-label="Which time">
      <button type="button" onClick=${() => change({ end: until - step })}>‹ earlier</button>
      <button
        type="button"
        disabled=${end === undefined}
        onClick=${() => change({ end: laterOf(until, step, Date.now() / 1000) })}
      >
        later ›
      </button>
    </div>
    <${AsOf} view=${view} change=${change} />
    <span class="quiet">${drawnText(view, drawn)}</span>
    <span class="running" role="status">
      ${known.isRunning ? html`verifying${known.step === '' ? '' : `: ${known.step}`} ` : null}
    </span>
    ${known.isRunning ? html`<button type="button" onClick=${stop}>Stop</button>` : null}
    ${
      known.isRunning || whole
        ? null
        : html`<button type="button" onClick=${() => change({ whole: true })}>Read the whole log</button>`
    }
  </div>`;
}

/** What the drawing and the figures are about. */
function drawnText({ at, end, period }: View, { since, until }: Period): string {
  const to = at !== undefined ? 'then' : end === undefined ? 'now' : formatTime(until);
  const begin = at === undefined && since > period.since ? ': nothing was declared before' : '';
  return `${formatTime(since)} to ${to} (${spanOf(until - since)})${begin}`;
}

function AsOf({ view, change }: Pick<ControlsProps, 'view' | 'change'>): VNode {
  const [text, setText] = useState(view.at ?? '');
  return html`<form
    class="group"
    onSubmit=${(event: SubmitEvent) => {
      event.preventDefault();
      change({ at: text.trim() });
    }}
  >
    <label>
      As of
      <input
        value=${text}
        placeholder="2026-01-05T12:00Z or size:812"
        size="28"
        onInput=${(event: InputEvent & { readonly currentTarget: HTMLInputElement }) => setText(event.currentTarget.value)}
      />
    </label>
    <button type="submit">Show</button>
    ${
      view.at === undefined
        ? null
        : html`<button
            type="button"
            onClick=${() => {
              setText('');
              change({ at: '' });
            }}
          >
            Now
          </button>`
    }
  </form>`;
}
