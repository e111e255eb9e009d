/** A file that is made in this browser: nobody is asked for it. */
import type { ComponentChildren, VNode } from 'preact';
import { html } from '../html.ts';

export interface DownloadProps {
  readonly name: string;
  readonly type: string;
  readonly text: string | Uint8Array<ArrayBuffer>;
  readonly children?: ComponentChildren;
}

export function Download({ name, type, text, children }: DownloadProps): VNode {
  return html`<button type="button" onClick=${() => saveFile(name, type, text)}>${children}</button>`;
}

/** Gives a file to the reader. */
export function saveFile(name: string, type: string, text: DownloadProps['text']): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** A command to type, with a button that copies it. */
export function Command({ text }: { readonly text: string }): VNode {
  return html`<p class="command">
    <code>${text}</code>
    <button type="button" onClick=${() => void navigator.clipboard.writeText(text)}>Copy</button>
  </p>`;
}
