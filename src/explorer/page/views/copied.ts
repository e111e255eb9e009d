/** Text to copy or to save: keys, policies, commands. */
import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { html } from '../html.ts';
import { copyFrom } from '../texts.ts';
import { Download } from './download.ts';

export interface CopiedProps {
  readonly text: string;
  /** The name under which it is saved. */
  readonly file: string;
  readonly label: string;
}

export function Copied({ text, file, label }: CopiedProps): VNode {
  const [element, said, copy] = useCopy(text);
  return html`<pre class="copied" tabindex="0" aria-label=${label} ref=${element}>${text}</pre>
    <p class="buttons">
      <button type="button" onClick=${copy}>Copy</button>
      <${Download} name=${file} type="text/plain" text=${text}>Save<//>
      <span role="status">${said}</span>
    </p>`;
}

/** A command to type, with a button that copies it. */
export function Command({ text }: { readonly text: string }): VNode {
  const [element, said, copy] = useCopy(text);
  return html`<p class="command">
    <code ref=${element}>${text}</code>
    <button type="button" onClick=${copy}>Copy</button>
    <span role="status">${said}</span>
  </p>`;
}

/** The element that shows the text, what came of copying it, and what copies it. */
function useCopy(text: string): readonly [{ current: HTMLElement | null }, string, () => void] {
  const element = useRef<HTMLElement | null>(null);
  const [said, say] = useState('');
  const copy = (): void => {
    if (element.current !== null) void copyFrom(element.current, text).then(say);
  };
  return [element, said, copy];
}
