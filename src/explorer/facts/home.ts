/** The home pages of log, monitor, mirror and witness, in one form and each in the words of its server. */
import { spaceOf } from '../../platform/space.ts';
import { ABOUT_ID } from '../shared/boot.ts';
import { markup, type Markup } from './markup.ts';
import { copied, factList, foldedText, table, type Cell } from './parts.ts';

/** Verifier keys, for instance: what people copy. */
export interface Text {
  readonly summary: string;
  readonly text: string;
  /** The name of its file. */
  readonly file: string;
}

export interface Table {
  readonly title: string;
  /** What stands there if there are no rows. */
  readonly none: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What else to know: that more rows are elsewhere. */
  readonly more?: Markup | undefined;
}

export interface HomeFacts {
  /** What this is, in a sentence. */
  readonly what: string;
  /** What to know before anything is believed: that the log is open. */
  readonly note?: string | undefined;
  readonly ready: boolean;
  /** What is amiss, or will be. */
  readonly reasons: readonly string[];
  readonly figures: readonly (readonly [name: string, value: Cell])[];
  readonly growth?: Markup | undefined;
  readonly tables: readonly Table[];
  /** Lines of a tlog-policy for those who rely on this server; undefined where it has none. */
  readonly policy?: Text | undefined;
  readonly keys: readonly Text[];
  readonly links: readonly (readonly [href: string, what: string])[];
}

/** The facts with the room on the disk of the server's data, where that is told. */
export function withDisk(facts: HomeFacts, dataDir: string | undefined): HomeFacts {
  const space = dataDir === undefined ? undefined : spaceOf(dataDir);
  if (space === undefined) return facts;
  const share = Math.floor((100 * space.free) / space.size);
  const text = `${gigabytes(space.free)} free of ${gigabytes(space.size)} (${share} %)`;
  return { ...facts, figures: [...facts.figures, ['Disk of its data', text]] };
}

/** Rounded down: what is free is never shown as more than it is. */
function gigabytes(bytes: number): string {
  return `${(Math.floor(bytes / 1e8) / 10).toLocaleString('en')} GB`;
}

/** `level`: of its heading, where the page has another one before. */
export function homeFacts(name: string, facts: HomeFacts, level: 'h1' | 'h2' = 'h1'): Markup {
  const { what, note, ready, reasons, figures, growth, tables, policy, keys, links } = facts;
  const items = reasons.map((reason) => markup`<li>${reason}</li>`);
  return markup`<section id="${ABOUT_ID}" aria-labelledby="about-title">
${level === 'h1' ? markup`<h1 id="about-title">${name}</h1>` : markup`<h2 id="about-title">${name}</h2>`}
<p>${what}</p>
${note === undefined ? undefined : markup`<p class="note">${note}</p>`}
<p class="${ready ? 'health' : 'alarm'}">${ready ? 'Ready: it does what it is there for.' : 'Not ready.'}</p>
${items.length === 0 ? undefined : markup`<ul class="reasons">${items}</ul>`}
${factList(figures)}
${tables.map(tableOf)}
${growth === undefined ? undefined : markup`<h2>Growth</h2>${growth}`}
${policy && markup`<h2>To rely on it</h2><p>${policy.summary}</p>${copied(policy.text, policy.file)}`}
${keys.length === 0 ? undefined : markup`<h2>Keys</h2>${keys.map(({ summary, text, file }) => foldedText(summary, text, file))}`}
<h2>For programs</h2>
<ul>${links.map(([href, text]) => markup`<li><a href="${href}">${text}</a></li>`)}</ul>
</section>`;
}

function tableOf({ title, none, heads, rows, more }: Table): Markup {
  return markup`<h2>${title}</h2>${rows.length === 0 ? markup`<p>${none}</p>` : table(title, heads, rows)}${more}`;
}
