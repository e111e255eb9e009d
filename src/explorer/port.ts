/** What a page asks of the server that serves it. Log, monitor, mirror and witness each answer in their own words. */
import type { Markup } from './facts/markup.ts';
import type { LogReader } from '../log/ports.ts';
import type { Role, Site } from './shared/boot.ts';

/** A log whose pages are served, over the copy or the store that the server has. */
export interface ServedLog extends Site {
  /** Reads of it. A reader refuses `not-yet` while the server has nothing of the log. */
  readonly reader: Pick<LogReader, 'checkpoint'>;
}

export interface ExplorerPort {
  readonly role: Role;
  /** Of the server, for people: the origin of a log, the name of a witness. */
  readonly name: string;
  readonly version: string;
  /** The logs that have pages. A log that has the base '' is what `/` is about. */
  readonly logs: readonly ServedLog[];
  /** What stands on the home page without JavaScript: the server's own words. */
  home(): Markup;
}
