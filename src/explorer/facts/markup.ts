/** HTML made of texts that are escaped: a template whose values are texts or HTML made by it. */
import { escapeHtml } from '../../web/page.ts';

/** HTML that is safe to send. */
export class Markup {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
}

type Value = Markup | string | number | undefined | readonly Markup[];

/** HTML: each value is escaped, unless it was made here. Nothing for undefined. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.map((string, i) => string + shown(values[i])).join(''));
}

function shown(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.html;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(({ html }) => html).join('');
}
