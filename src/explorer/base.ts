/** Where a server that has several logs, or is none, has each of them. */
import { originHash } from '../note/checkpoint.ts';

/** What the paths of a log begin with: `/logs/HASH`, the SHA-256 of its origin. */
export function baseOf(origin: string): string {
  return `/logs/${originHash(origin)}`;
}
