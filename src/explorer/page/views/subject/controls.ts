/** What part of time is shown, as of when, how much was verified, and a stop. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { formatTime } from '../../../../bytes/time.ts';
import { html } from '../../html.ts';
import type { Known } from './known.ts';
import { ZOOMS, type View, type Zoom } from './period.ts';
import type { Change } from './window.ts';

export interface ControlsProps {
  readonly view: View;
  readonly change: (change: Change) => void;
  readonly known: Known;
  readonly stop: () => void;
}

const NAMES: readonly Zoom[] = ['hour', 'day', 'month', 'year'];

export function Controls({ view, change, known, stop }: ControlsProps): VNode {
  const { zoom, period, end, whole } = view;
  const step = ZOOMS[zoom];
  return html`<div class="controls">
    <div class="group" role="group" aria-label="How much time">
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
      <button type="button" onClick=${() => change({ end: period.until - step })}>‹ earlier</button>
      <button
        type="button"
        disabled=${end === undefined}
        onClick=${() => change({ end: period.until + step })}
      >
        later ›
      </button>
    </div>
    <${AsOf} view=${view} change=${change} />
    <span class="quiet"
      >${formatTime(period.since)} to${' '}
      ${end !== undefined ? formatTime(period.until) : view.at === undefined ? 'now' : 'then'}</span
    >
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
        size="24"
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
