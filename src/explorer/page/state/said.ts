/** Asks the server of the page for its own words: what it has of them, within bounds, and of nobody else. */
import { parseRetryAfter } from '../../../client/patience.ts';
import { jsonOf } from './bounded.ts';
import { WrongAnswer } from './shape.ts';

/** Milliseconds for one answer: a person waits for it. */
const MOST_MS = 15_000;
/** Bytes of the words with which it refuses. */
const MOST_REFUSED = 65_536;

/** Nobody answered, or with a refusal. `waitMs`: for how long the server wants not to be asked again; 0 if it does not say. */
export class Unsaid extends Error {
  override readonly name = 'Unsaid';
  readonly waitMs: number;

  constructor(why: string, waitMs = 0, options?: ErrorOptions) {
    super(why, options);
    this.waitMs = waitMs;
  }
}

/**
 * The JSON that it answers. Throws `Unsaid` for a refusal, an answer that takes too long, and one that leads elsewhere: the words of
 * another server are not this one's. Throws `WrongAnswer` as `jsonOf` does.
 */
export async function wordsOf(path: string, signal?: AbortSignal, ask = fetch): Promise<unknown> {
  const late = AbortSignal.timeout(MOST_MS);
  const asked = {
    signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    redirect: 'error',
    headers: { accept: 'application/json' },
  } as const;
  try {
    const reply = await ask(path, asked);
    if (reply.ok) return await jsonOf(reply);
    const wait = parseRetryAfter(reply.headers.get('retry-after'), Date.now());
    throw new Unsaid((await detailOf(reply)) ?? `it answers ${reply.status}`, wait);
  } catch (error) {
    if (error instanceof Unsaid || error instanceof WrongAnswer) throw error;
    throw new Unsaid(late.aborted ? 'it does not answer in time' : 'it does not answer', 0, { cause: error });
  }
}

/** The words of a problem document, if it is one. */
async function detailOf(reply: Response): Promise<string | undefined> {
  try {
    const said = await jsonOf(reply, MOST_REFUSED);
    const detail: unknown =
      typeof said === 'object' && said !== null ? Reflect.get(said, 'detail') : undefined;
    return typeof detail === 'string' ? detail : undefined;
  } catch (error) {
    if (error instanceof WrongAnswer) return undefined;
    throw error;
  }
}
