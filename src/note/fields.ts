/**
 * Fields that all texts of the signed-note family share: strict UTF-8 without control bytes, lines that
 * end, decimals, hashes, and "header lines, blank line, checkpoint" (C2SP signed-note, tlog-proof,
 * tlog-witness). Each reader refuses with the code of the format it reads for.
 */
import { digest, DIGEST_LENGTH, type Digest } from '../bytes/brand.ts';
import { refuse, type RefusalCode } from '../bytes/refusal.ts';
import { decodeUtf8, formatBase64, parseBase64, parseDecimal } from '../bytes/text.ts';
import { within } from '../bytes/within.ts';
import { MAX_PROOF_LENGTH } from '../tree/verify.ts';

/**
 * Most bytes a note, proof or policy may have: 100 ML-DSA-44 lines of 3,266 characters and as much again
 * for the rest (C2SP signed-note: verifiers SHOULD apply a maximum).
 */
export const MAX_TEXT_BYTES = 1_000_000;

/** Whether a text has an ASCII control character other than newline (C2SP signed-note: below U+0020). */
export function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 && c !== 0x0a) return true;
  }
  return false;
}

/** A stranger's text: at most `MAX_TEXT_BYTES`, valid UTF-8, no control byte but newline. */
export function readText(input: Uint8Array | string, code: RefusalCode): string {
  if (input.length > MAX_TEXT_BYTES) {
    throw refuse(
      'too-large',
      `the text has more than ${MAX_TEXT_BYTES} bytes; nothing of this format needs that`,
    );
  }
  const text = typeof input === 'string' ? input : within(code, 'text', () => decodeUtf8(input));
  if (!text.isWellFormed()) throw refuse(code, 'the text has a lone surrogate, which UTF-8 cannot hold');
  if (hasControl(text)) throw refuse(code, 'the text has a control byte other than newline');
  return text;
}

/** The lines of a text without their newlines; refuses a last line that does not end in one. */
export function readLines(text: string, code: RefusalCode): string[] {
  if (!text.endsWith('\n')) throw refuse(code, 'the last line does not end in a newline; add it');
  return text.slice(0, -1).split('\n');
}

/** Canonical decimal up to 2^53−1. */
export function readDecimal(text: string, code: RefusalCode, field: string): number {
  return within(code, field, () => parseDecimal(text));
}

/** Canonical padded base64. */
export function readBase64(text: string, code: RefusalCode, field: string): Uint8Array<ArrayBuffer> {
  return within(code, field, () => parseBase64(text));
}

/** Canonical base64 of exactly 32 bytes. */
export function readDigest(text: string, code: RefusalCode, field: string): Digest {
  const bytes = readBase64(text, code, field);
  if (bytes.length !== DIGEST_LENGTH)
    throw refuse(code, `${field}: expected ${DIGEST_LENGTH} bytes, found ${bytes.length}`);
  return digest(bytes);
}

/** Proof hashes, one per line, at most 63. */
export function readHashes(lines: readonly string[], code: RefusalCode): Digest[] {
  if (lines.length > MAX_PROOF_LENGTH) {
    throw refuse(code, `the proof has ${lines.length} hashes; no tree needs more than ${MAX_PROOF_LENGTH}`);
  }
  return lines.map((line) => readDigest(line, code, 'proof hash'));
}

/** A line of the form `<word> <value>`: its value. */
export function readValue(line: string | undefined, word: string, code: RefusalCode): string {
  if (line === undefined || !line.startsWith(`${word} `)) throw refuse(code, `expected a line "${word} …"`);
  return line.slice(word.length + 1);
}

/** Cuts a text at its first blank line: header lines, and the checkpoint that follows verbatim. */
export function splitHeader(text: string, code: RefusalCode): { header: string[]; checkpoint: string } {
  const blank = text.indexOf('\n\n');
  if (blank < 0) throw refuse(code, 'no blank line separates the header from the checkpoint');
  return { header: text.slice(0, blank).split('\n'), checkpoint: text.slice(blank + 2) };
}

/** Header lines, blank line, checkpoint: the inverse of `splitHeader`, as text. Too many hashes: RangeError. */
export function formatHeader(fields: readonly string[], proof: readonly Digest[]): string {
  if (proof.length > MAX_PROOF_LENGTH) throw new RangeError(`a proof of ${proof.length} hashes`);
  return [...fields, ...proof.map(formatBase64), '', ''].join('\n');
}
