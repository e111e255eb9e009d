/**
 * Elements of the page: `html` makes them from templates (htm). No text of them is ever read as HTML, and none has characters that
 * hide a word or turn a line around: a subject does not look like another one.
 */
import htm from 'htm';
import { Fragment, h, type ComponentChildren, type VNode } from 'preact';
import { printableLines } from '../../bytes/printable.ts';

type Element = (
  type: Parameters<typeof h>[0],
  props: Parameters<typeof h>[1],
  ...children: ComponentChildren[]
) => VNode;

const element: Element = (type, props, ...children) => h(type, props, ...children.map(shown));

function shown(child: ComponentChildren): ComponentChildren {
  if (typeof child === 'string') return printableLines(child);
  return Array.isArray(child) ? child.map(shown) : child;
}

const bound = htm.bind<VNode>(element);

/** One element, or several as a fragment. Values are texts, numbers, elements, lists of them, components and handlers. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): VNode {
  const made = bound(strings, ...values);
  return Array.isArray(made) ? h(Fragment, null, made) : made;
}
