/** What the server tells the page of where it is. None of it is evidence: it is the word of the server. */

/** What serves the page. */
export type Role = 'log' | 'monitor' | 'mirror' | 'witness';

/** A log whose pages the server has. */
export interface SiteName {
  readonly origin: string;
  /** What its paths begin with: empty, or `/logs/HASH`. Data of it are below the same base. */
  readonly base: string;
}

export interface Site extends SiteName {
  /** Whom the server says to trust about the log: a tlog-policy as text. Until the reader has a policy, it is all there is. */
  readonly policy: string;
}

export interface Boot {
  readonly role: Role;
  /** Of the server, for people. */
  readonly name: string;
  readonly version: string;
  /** The log that this page is about; null on the home page of a monitor, mirror or witness. */
  readonly site: Site | null;
  /** Every log that the server has pages of. */
  readonly logs: readonly SiteName[];
  /** Path of the worker's module. */
  readonly worker: string;
  /** SHA-256 of that module, hex: which verifier this server gives out. */
  readonly verifier: string;
  /** Path of the module of the worker that examines files, and SHA-256 of verify.html, hex. */
  readonly files: string;
  readonly saved: string;
}

/** Id of the element that holds the facts, and the app; the attribute of it that has a `Boot` as JSON. */
export const APP_ID = 'app';
export const BOOT_ATTRIBUTE = 'data-boot';

/** Id of the part of a home page that stays when the app has drawn its own above: what the server says of itself. */
export const ABOUT_ID = 'about';

/** Id of the element that says where the page came from: the server writes what it is called, the browser what it asked. */
export const SOURCE_ID = 'source';

/** Name of the one Trusted Types policy that a page may have. It makes the URL of the worker. */
export const TRUSTED_TYPES = 'tallystick';

export function parseBoot(text: string): Boot {
  const boot: Boot = JSON.parse(text);
  return boot;
}
