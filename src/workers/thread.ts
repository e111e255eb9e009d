/** Where a thread's own module is: beside its starter, with the ending the starter has (source, built or bundled). */
export function threadModule(name: string, starter: string): URL {
  return new URL(`${name}${starter.slice(starter.lastIndexOf('.'))}`, starter);
}

/**
 * Room for young objects in a thread that handles thousands of statements a second: with the default the
 * collector ran so often that its helper threads took a tenth of the machine (MiB).
 */
export const THREAD_LIMITS = { maxYoungGenerationSizeMb: 64 } as const;
