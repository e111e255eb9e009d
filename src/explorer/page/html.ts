/** Elements of the page: `html` makes them from templates (htm), and no text of them is ever read as HTML. */
import htm from 'htm';
import { Fragment, h, type VNode } from 'preact';

const bound = htm.bind<VNode>(h);

/** One element, or several as a fragment. Values are texts, numbers, elements, lists of them, components and handlers. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): VNode {
  const made = bound(strings, ...values);
  return Array.isArray(made) ? h(Fragment, null, made) : made;
}
