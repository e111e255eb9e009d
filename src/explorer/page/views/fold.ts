/** What is behind a fold is made when somebody opens it: a page of many tables is drawn again and again while it verifies. */
import type { ComponentChildren, VNode } from 'preact';
import { useState } from 'preact/hooks';
import { html } from '../html.ts';

export interface FoldProps {
  readonly summary: ComponentChildren;
  readonly content: () => ComponentChildren;
}

export function Fold({ summary, content }: FoldProps): VNode {
  const [isOpen, setOpen] = useState(false);
  const toggled = (event: Event): void => {
    if (event.target === event.currentTarget && event.target instanceof HTMLDetailsElement)
      setOpen(event.target.open);
  };
  return html`<details onToggle=${toggled}>
    <summary>${summary}</summary>
    ${isOpen ? content() : null}
  </details>`;
}
