/** One parser under fuzzing. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Random } from './random.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** What a value prints as; nothing where the format is not strict. */
type Printed = Uint8Array | string | undefined | void;

export interface Target {
  /** The functions it calls, as they are exported: what the list of parsers is held against. */
  readonly covers: readonly string[];
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly make?: (random: Random, seeds: readonly Uint8Array[]) => Uint8Array<ArrayBuffer>;
  /**
   * Parses. Throws a `Refusal` for what it does not take, anything else is a fault. Where the format is strict it
   * returns what the value prints as, which must be the input.
   */
  readonly run: (input: Uint8Array<ArrayBuffer>) => Printed | Promise<Printed>;
}

/** What JSON of ours holds: its shape is the business of who reads it. */
export type Json = ReturnType<typeof JSON.parse>;
export const json = (path: string): Json => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
export const hex = (text: string): Uint8Array => Uint8Array.fromHex(text);
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
/** What a reader that takes a string gets; bytes that are no UTF-8 become replacement characters. */
export const asText = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
