/** A story as a log whose reader lives at a moment that the test sets: it has the entries that were logged by then. */
import { openClient, type LogClient } from '#src/client/client.ts';
import type { Trust } from '#src/client/evidence.ts';
import { chooseVerifier } from '#src/workers/kernels.ts';
import type { PastStory } from './past-story.ts';
import { BASE, ServedLog } from './served-log.ts';

export interface StoryReader {
  /** Entries of the log, and POSIX seconds. */
  size: number;
  now: number;
  readonly fetch: typeof fetch;
  /** A client that has seen nothing yet. `whole`: of a copy, which is read whole. */
  client(whole?: boolean): LogClient;
}

export function storyReader(story: PastStory, trust: Trust): StoryReader {
  const log = new ServedLog();
  log.entries = story.entries;
  const rows = story.said.map(({ parsed: { subject, kind, kid }, id, time }, index) => ({
    index,
    subject,
    kind,
    kid,
    time,
    id: id.toHex(),
  }));
  const verify = chooseVerifier();
  let note: { readonly key: string; readonly bytes: Uint8Array } | undefined;
  const reader: StoryReader = {
    size: story.entries.length,
    now: story.now,
    fetch: log.fetch,
    client: (whole = false) =>
      openClient({
        log: BASE,
        trust,
        verify,
        fetch: (input, init) =>
          whole && new URL(input instanceof Request ? input.url : input).pathname === '/v1/search'
            ? Promise.resolve(new Response(null, { status: 404 }))
            : log.fetch(input, init),
        now: () => reader.now * 1000,
      }),
  };
  log.meddle = async (path) => {
    log.shown = reader.size;
    if (path === '/checkpoint') {
      const key = `${reader.size} ${reader.now}`;
      if (note?.key !== key) note = { key, bytes: await story.note(reader.size, [reader.now, reader.now]) };
      return new Response(Buffer.from(note.bytes));
    }
    if (!path.startsWith('/v1/search')) return undefined;
    const asked = new URL(path, BASE).searchParams;
    const found = rows
      .slice(0, reader.size)
      .filter(({ index }) => index < Number(asked.get('before') ?? Infinity))
      .filter((row) =>
        (['subject', 'kind', 'kid'] as const).every((n) => (asked.get(n) ?? row[n]) === row[n]),
      )
      .toReversed();
    const entries = found.slice(0, Number(asked.get('limit') ?? 100));
    return Response.json({ entries, next: found.length > entries.length ? entries.at(-1)?.index : null });
  };
  return reader;
}
