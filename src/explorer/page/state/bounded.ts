/** Reads what a server says, as far as a page has room for it. */
import { WrongAnswer } from './shape.ts';

/** Bytes of the longest answer that is read: a history of a month, or 500 rows of an overview, have less. */
export const MOST_SAID = 67_108_864;

/**
 * The JSON of an answer. Throws `WrongAnswer` if it is longer than `most` bytes, whose rest is then not fetched, and if it is no JSON;
 * what reading it throws if the connection breaks.
 */
export async function jsonOf(reply: Response, most = MOST_SAID): Promise<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = reply.body?.getReader();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return parsed(() => JSON.parse(text + decoder.decode()));
    bytes += value.length;
    if (bytes > most) {
      await reader?.cancel();
      throw new WrongAnswer(`it says more than ${most} bytes`);
    }
    text += parsed(() => decoder.decode(value, { stream: true }));
  }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new WrongAnswer('it answers something that is no JSON', { cause: error });
  }
}
