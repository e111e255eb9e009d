/**
 * How a user names a key that is in no file: `ssh-agent:` with a fingerprint or a comment, `exec:` with a program.
 * Every other name of a key is the path of a file.
 */
export const AGENT_PREFIX = 'ssh-agent:';
export const EXEC_PREFIX = 'exec:';

/** Whether a key's name is not a path, so that it is neither made absolute nor looked up on disk. */
export function isOutsideKey(name: string): boolean {
  return name.startsWith(AGENT_PREFIX) || name.startsWith(EXEC_PREFIX);
}

/** The program of `exec:/path/to/program#<kid>`; undefined for a key that is elsewhere. */
export function programOf(name: string): string | undefined {
  return name.startsWith(EXEC_PREFIX) ? name.slice(EXEC_PREFIX.length).split('#', 1)[0] : undefined;
}
