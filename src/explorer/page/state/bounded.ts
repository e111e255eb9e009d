/** Reads what a server says of itself, as far as a page has room for it. */

/** Bytes of the longest answer that is read: a history of a month, or 500 rows of an overview, have less. */
export const MOST_SAID = 67_108_864;

/** The JSON of an answer. Throws if it is longer than `most` bytes, whose rest is then not fetched, and if it is no JSON. */
export async function jsonOf(reply: Response, most = MOST_SAID): Promise<ReturnType<JSON['parse']>> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = reply.body?.getReader();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return JSON.parse(text + decoder.decode());
    bytes += value.length;
    if (bytes > most) {
      await reader?.cancel();
      throw new Error(`the server says more than ${most} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
