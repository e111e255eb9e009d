/** Text to copy or to save: keys, policies. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { html } from '../html.ts';
import { Download } from './download.ts';

export interface CopiedProps {
  readonly text: string;
  /** The name under which it is saved. */
  readonly file: string;
  readonly label: string;
}

export function Copied({ text, file, label }: CopiedProps): VNode {
  const [said, say] = useState('');
  const copy = (): void => {
    // On a page that came over plain HTTP from another machine, browsers have no clipboard.
    const { clipboard }: Partial<Navigator> = navigator;
    (clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))).then(
      () => say('Copied.'),
      () => say('This browser does not let a page copy; select the text.'),
    );
  };
  return html`<pre class="copied" tabindex="0" aria-label=${label}>${text}</pre>
    <p class="buttons">
      <button type="button" onClick=${copy}>Copy</button>
      <${Download} name=${file} type="text/plain" text=${text}>Save<//>
      <span role="status">${said}</span>
    </p>`;
}
