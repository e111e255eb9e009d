/** What each page says without JavaScript: facts in the words of the server, which nobody verified. */
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { problemOf } from '../../web/problem.ts';
import type { ExplorerPort, Facts, ServedLog } from '../port.ts';
import type { Place } from '../shared/place.ts';
import { entryFacts } from './entry.ts';
import { growthFacts } from './growth.ts';
import { homeFacts, withDisk, type HomeFacts } from './home.ts';
import { overviewFacts } from './overview.ts';
import { TITLES } from '../shared/place.ts';
import { markup, type Markup } from './markup.ts';
import { factList } from './parts.ts';
import { searchFacts, subjectFacts } from './search.ts';
import { witnessFacts } from './witnesses.ts';

/** What a page is asked for. */
export interface Asked {
  readonly port: ExplorerPort;
  /** The log of the page; undefined on the home page of a server that is no log. */
  readonly log: ServedLog | undefined;
  /** Undefined: there is no such page. */
  readonly place: Place | undefined;
  readonly query: URLSearchParams;
  /** Absolute URL of the log's data, as its reader reaches them. */
  readonly url: string;
  /** The folder of the server's data; undefined for one that tells nothing of its disk. */
  readonly dataDir: string | undefined;
}

/** The facts of a page. What the server refuses is said in its place, with the status of the refusal. */
export async function factsOf(asked: Asked): Promise<Facts> {
  try {
    return { status: 200, body: await bodyOf(asked) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, detail } = problemOf(error);
    return { status, body: markup`<h1>Not here</h1><p class="note">${detail}</p>` };
  }
}

function bodyOf(asked: Asked): Markup | Promise<Markup> {
  const { log, place, query, url } = asked;
  if (place === undefined) throw noPage();
  if (place.kind === 'home') return homeOf(asked);
  if (log === undefined) throw noPage();
  if (place.kind === 'subject') return subjectFacts(log, place.subject, query);
  if (place.kind === 'entry') return entryFacts(log, place.index);
  if (place.kind === 'search') return searchFacts(log, query);
  if (place.kind === 'witnesses') return witnessFacts(log, url);
  return place.kind === 'compare'
    ? markup`<h1>Compare</h1><p>Comparing two heads takes JavaScript, or the command line:</p><pre>tallystick status --log ${url} --peer URL</pre>`
    : markup`<h1>Verify a file</h1><p>Verifying a file in the browser takes JavaScript; nothing is sent to this server. On the command line:</p><pre>tallystick verify FILE</pre>`;
}

/** The home page of the server; of a log that it has, the log's own. */
async function homeOf({ port, log, query, dataDir }: Asked): Promise<Markup> {
  const own = async (): Promise<HomeFacts> => withDisk(await port.home(), dataDir);
  if (log === undefined) return homeFacts(port.name, await own());
  const [subjects, home] = await Promise.all([
    overviewFacts(log, query),
    log.base === '' ? own() : undefined,
  ]);
  if (home !== undefined)
    return subjects === undefined
      ? homeFacts(port.name, home)
      : markup`<h1>${TITLES.home}</h1>${subjects}${homeFacts(port.name, home, 'h2')}`;
  const { head } = log.checkpoint();
  const growth = log.growth && growthFacts(await log.growth(head.size));
  const { base } = log;
  return markup`<h1>${log.origin}</h1><p>A copy of this log, at <a href="/">${port.name}</a>.</p>
${subjects}${factList([['Entries', head.size]])}
${growth && markup`<h2>Growth</h2>${growth}`}
<ul><li><a href="${base}/witnesses">Witnesses, and a policy to paste</a></li><li><a href="${base}/checkpoint">Checkpoint (C2SP)</a></li></ul>`;
}

function noPage(): Refusal {
  return refuse('not-found', 'there is no such page here; / leads to those that there are');
}
