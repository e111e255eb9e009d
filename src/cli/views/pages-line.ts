/** The line of a banner that leads to the pages of a server. */
import type { Config } from '../frame/settings.ts';

/** No line for a server without pages. */
export function pagesLine({ explorer }: Pick<Config, 'explorer'>, url: string): readonly string[] {
  return explorer === 'on' ? [`  look       ${url}/`] : [];
}
