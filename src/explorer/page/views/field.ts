/** A line to type in. What stands in it is the reader's: the page around it may be drawn again while somebody types. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { html } from '../html.ts';

export interface FieldProps {
  readonly name: string;
  readonly label: string;
  /** What stands there at first, and again when it becomes another one. */
  readonly value: string;
  /** Id of a list of suggestions. */
  readonly list?: string;
}

export function Field({ name, label, value, list }: FieldProps): VNode {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const typed = (event: InputEvent & { readonly currentTarget: HTMLInputElement }): void =>
    setText(event.currentTarget.value);
  return html`<label
    >${label} <input name=${name} value=${text} list=${list} autocomplete="off" onInput=${typed}
  /></label>`;
}
