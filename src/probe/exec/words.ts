/** The words of a target of `exec@1`: separated by spaces, or a JSON list of them; the first is an absolute path. */
export function wordsOf(target: string): readonly string[] | undefined {
  const words = target.startsWith('[') ? jsonWords(target) : target.split(' ').filter((word) => word !== '');
  const [file = ''] = words;
  return file.startsWith('/') && words.length <= 64 && words.every((word) => !word.includes('\0'))
    ? words
    : undefined;
}

function jsonWords(target: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(target);
    return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : [];
  } catch {
    return [];
  }
}
