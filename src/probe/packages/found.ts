/** What is installed, and what differs: all of it is counted, the first of each kind are named. */
import type { Withheld } from '../../claim/withheld.ts';
import { nameOrWithheld } from '../harmless.ts';
import { cutLists } from '../members.ts';

/** A package as it is installed. */
export interface InstalledPackage {
  readonly key: string;
  /** What it says of itself; undefined if it says nothing that can be read. */
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** Digest that stands beside it, of its archive: its own word. */
  readonly digest?: string;
  readonly isLink: boolean;
  /** Where a link leads, told from the target; undefined for one that leads elsewhere. */
  readonly leads?: string;
}

/** Whether a package has the files of its archive and no others; undefined if the archive cannot be read. */
export type Compare = (installed: InstalledPackage, archive: Uint8Array) => Promise<boolean | undefined>;

export interface Ecosystems {
  readonly installed: readonly InstalledPackage[];
  /** Files and folders that belong to no package. */
  readonly loose: readonly string[];
  /** Links within packages. */
  readonly links: readonly string[];
  /** Packages that differ from what they themselves say. */
  readonly altered: readonly string[];
  readonly unreadable: number;
  /** Packages that may hide others, unless they are what their archive has; `how` continues "N packages have …". */
  readonly hiding?: { readonly keys: ReadonlySet<string>; readonly how: string };
  /** Why contents cannot be shown even with archives. */
  readonly opaque?: string;
  readonly compare?: Compare;
}

const MAX_SHOWN = 200;
type List = 'differing' | 'missing' | 'extra' | 'linked' | 'altered';

export class Findings {
  readonly lists: Readonly<Record<List, string[]>> = {
    differing: [],
    missing: [],
    extra: [],
    linked: [],
    altered: [],
  };
  readonly counts: Record<List, number> = { differing: 0, missing: 0, extra: 0, linked: 0, altered: 0 };

  add(list: List, name: string): void {
    this.counts[list] += 1;
    if (this.lists[list].length < MAX_SHOWN) this.lists[list].push(nameOrWithheld(name, 512));
  }

  get cut(): readonly Withheld[] {
    return cutLists(this.lists, MAX_SHOWN);
  }
}
