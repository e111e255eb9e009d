/**
 * HTML of a bundle: no script, nothing loaded, every text escaped. A bundle's page must have the same bytes in every engine, so
 * what is hidden is a fixed list, where `printable` (bytes/printable.ts) asks the engine's own version of Unicode.
 */
import { formatTime } from '../../bytes/time.ts';

/**
 * Characters that move a line, hide a word or turn it around: controls (a class that never changes), format and direction
 * characters, separators.
 */
const HIDDEN =
  /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\u{e0000}-\u{e0fff}]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that was made of texts by `html`. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[];

/** Puts texts into HTML, each escaped: html`<td>${subject}</td>`. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.map((each, i) => each + (i < parts.length ? partOf(parts[i] ?? '') : '')).join('') };
}

function partOf(part: Part): string {
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return 'html' in part ? part.html : part.map((each) => each.html).join('');
}

function escaped(text: string): string {
  return text.replaceAll(HIDDEN, '\ufffd').replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** A table with these columns. A row without cells is left out. */
export function table(columns: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const head = columns.map((each) => html`<th scope="col">${each}</th>`);
  const body = rows.map(
    (row) =>
      html`<tr>
        ${row.map((cell) => html`<td>${cell}</td>`)}
      </tr> `,
  );
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div> `;
}

/** A list of sentences. */
export function list(lines: readonly string[]): Html {
  return html`<ul>
    ${lines.map((each) => html`<li>${each}</li> `)}
  </ul> `;
}

/** POSIX seconds as people read them, in UTC: `2026-01-31 12:00:00`. */
export function moment(seconds: number): string {
  return formatTime(seconds).replace('T', ' ').replace('Z', '');
}

/** Seconds as `3 d 2 h 5 min`: the two largest units. */
export function length(seconds: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ];
  let rest = seconds;
  const parts = units.flatMap(([unit, size]) => {
    const n = Math.floor(rest / size);
    rest -= n * size;
    return n === 0 ? [] : [`${n} ${unit}`];
  });
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
}

/** A part of a whole in tenths of a percent, rounded down: `99.9 %` is never shown as all. */
export function share(part: number, whole: number): string {
  const tenths = whole === 0 ? 0 : Math.floor((part * 1000) / whole);
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin-bottom: 0 }
h2 { font-size: 1.25rem; margin-top: 2.5rem; border-bottom: 1px solid; break-after: avoid }
h3 { font-size: 1.05rem; break-after: avoid; overflow-wrap: anywhere }
table { border-collapse: collapse; margin: 0.5rem 0 }
th, td { padding: 0.2rem 0.9rem 0.2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
th { font-weight: 600 }
tr { break-inside: avoid }
code { font: 0.85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
td code, .whole { overflow-wrap: normal; white-space: nowrap }
.wide { overflow-x: auto }
.note { padding: 0.5rem 1rem; border-left: 4px solid #c60 }
.bad { font-weight: 700; color: #b00020 }
.good { color: #106c2e }
@media (prefers-color-scheme: dark) { .bad { color: #ff8a80 } .good { color: #7bd88f } }
@media print { :root { color-scheme: light; font-size: 10pt } body { max-width: none; margin: 0 } .wide { overflow: visible } th, td { padding-right: 0.5rem } td { overflow-wrap: anywhere } .bad { color: #000 } .good { color: #000 } a { color: inherit } }
`;

/** A whole page. The policy in it keeps a browser from loading or running anything. */
export function page(title: string, body: Html): string {
  const csp = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="Content-Security-Policy" content="${csp}" />
        <title>${title}</title>
        <style>
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.html;
}
