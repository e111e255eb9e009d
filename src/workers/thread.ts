/** Where a thread's own module is: beside its starter, with the ending the starter has (source or built). */
export function threadModule(name: string, starter: string): URL {
  return new URL(`${name}${starter.endsWith('.ts') ? '.ts' : '.js'}`, starter);
}
