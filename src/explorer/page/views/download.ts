/** A file that is made in this browser: nobody is asked for it. */
import type { ComponentChildren, VNode } from 'preact';
import { html } from '../html.ts';
import { saveFile } from '../texts.ts';

export interface DownloadProps {
  readonly name: string;
  readonly type: string;
  readonly text: string | Uint8Array<ArrayBuffer>;
  readonly children?: ComponentChildren;
}

export function Download({ name, type, text, children }: DownloadProps): VNode {
  return html`<button type="button" onClick=${() => saveFile(name, type, text)}>${children}</button>`;
}
