/** Pieces of which facts are made: lists of names and values, tables, texts to copy. */
import { markup, type Markup } from './markup.ts';

export type Cell = string | number | Markup | undefined;

/** Names and values; a row without a value is left out. */
export function factList(rows: readonly (readonly [name: string, value: Cell])[]): Markup {
  const shown = rows.filter(([, value]) => value !== undefined);
  return markup`<dl class="facts">${shown.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** A table that becomes a list of cards on a phone. `caption` says what its rows are. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  const head = heads.map((each) => markup`<th scope="col">${each}</th>`);
  const body = rows.map(
    (cells) =>
      markup`<tr>${cells.map((cell, i) => markup`<td data-label="${heads[i] ?? ''}">${cell}</td>`)}</tr>`,
  );
  return markup`<table class="cards"><caption class="unseen">${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** Text behind a fold, to copy; `file`: the name under which a browser saves it. */
export function foldedText(summary: string, text: string, file: string): Markup {
  return markup`<details><summary>${summary}</summary>${copied(text, file)}</details>`;
}

/** Text to copy or to save. The page's script adds the buttons (page/texts.ts). */
export function copied(text: string, file: string): Markup {
  return markup`<pre class="copied" data-file="${file}" tabindex="0">${text}</pre>`;
}

export function code(text: string): Markup {
  return markup`<code>${text}</code>`;
}

/** A time as text, readable for programs. `text`: RFC 3339. */
export function moment(text: string): Markup {
  return markup`<time datetime="${text}">${text}</time>`;
}
