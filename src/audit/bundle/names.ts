/** Names of the files of a bundle, and which of them are made again from the others (spec/bundle.md, "What it is made of"). */

export const MANIFEST = 'manifest.json';
export const SUMS = 'SHA256SUMS';
export const TRUST = 'trust.txt';
export const END_HEAD = 'heads/end.note';
export const START_HEAD = 'heads/start.note';
export const CONSISTENCY = 'heads/consistency.txt';
export const INDEX = 'entries/index.csv';
export const PROOF = 'entries/proof.bin';
export const OPENINGS = 'openings.json';
export const PEOPLE = 'people.csv';
export const KEYS = 'keys.json';
export const ATTACHMENTS = 'attachments.csv';
export const CONTROLS = 'controls.csv';
export const NOT_PROVEN = 'not-proven.txt';
export const PAGE = 'index.html';
export const BY_HAND = 'VERIFY-BY-HAND.md';
export const VERIFIER = 'verify.mjs';

const ATTACHMENT_FOLDER = 'attachments/';

/** Entries in one file. */
export const GROUP = 256;

/** `000012.bundle`: the file of a group of entries, in its folder. */
export function groupName(group: number): string {
  return `${String(group).padStart(6, '0')}.bundle`;
}

/** The same with its folder. */
export function groupFile(group: number): string {
  return `entries/${groupName(group)}`;
}

/** The past of a subject, by its place in the scope. */
export function historyFile(place: number): string {
  return `history/${String(place).padStart(6, '0')}.json`;
}

/** Evidence that a proof names by its digest, hex. */
export function attachmentFile(digest: string): string {
  return `${ATTACHMENT_FOLDER}${digest}`;
}

/** The digest of such a file by its name; undefined for another file. */
export function attachmentDigest(name: string): string | undefined {
  return name.startsWith(ATTACHMENT_FOLDER) ? name.slice(ATTACHMENT_FOLDER.length) : undefined;
}

/**
 * Whether a file is one of those from which the rest is made: they hang on a root, on a signature, or are the maker's word.
 * All others are made again.
 */
export function isSource(name: string): boolean {
  const single = [TRUST, END_HEAD, START_HEAD, PROOF, OPENINGS, PEOPLE, VERIFIER];
  return (
    single.includes(name) ||
    /^entries\/[0-9]{6}\.bundle$/.test(name) ||
    /^attachments\/[0-9a-f]{64}$/.test(name)
  );
}

/** Names of the files that are made again, for so many subjects. */
export function namesMade(subjects: number, controls: boolean, start: boolean): readonly string[] {
  return [
    MANIFEST,
    SUMS,
    INDEX,
    KEYS,
    ATTACHMENTS,
    NOT_PROVEN,
    PAGE,
    BY_HAND,
    ...(controls ? [CONTROLS] : []),
    ...(start ? [CONSISTENCY] : []),
    ...Array.from({ length: subjects }, (_, place) => historyFile(place)),
  ];
}
