/** Makes `o.http` of an answer: the members that claims read, and those that are withheld. */
import { escaped, type Value, type ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { nameOf, WITHHELD } from '../harmless.ts';
import type { Answer, Site } from './client.ts';
import { challengesOf, headerText } from './headers.ts';

/** Cookies that are told one by one. */
const MAX_COOKIES = 500;

export interface Wanted {
  readonly site: Site;
  /** Path of the request, without its query. */
  readonly path: string;
  /** Headers that the claim asks for; undefined: all that may be told. */
  readonly headers: readonly string[] | undefined;
  /** Headers whose values the owner lets be told. */
  readonly tell: readonly string[];
}

interface AnswerFacts {
  readonly value: ValueMap;
  readonly withheld: readonly Withheld[];
}

export function answerFacts(answer: Answer, wanted: Wanted): AnswerFacts {
  const { status, bodyBytes, bodyWhole, secured } = answer;
  const headers = tellHeaders(answer, wanted);
  const cookies = tellCookies(answer.headers.get('set-cookie') ?? []);
  const { host, port } = wanted.site;
  return {
    value: {
      host,
      port,
      path: wanted.path,
      status,
      headers: headers.value,
      ...redirectOf(answer, wanted),
      challenges: challengesOf(answer.headers.get('www-authenticate') ?? []),
      cookies: cookies.value,
      body: { ...(bodyWhole && { bytes: bodyBytes }), whole: bodyWhole },
      encrypted: secured !== undefined,
      ...(secured !== undefined && { tls: { ...secured } }),
    },
    withheld: [
      ...headers.withheld,
      ...cookies.withheld,
      ...(bodyWhole ? [] : [{ path: '/body/bytes', reason: 'the body is longer than what was read of it' }]),
    ],
  };
}

/** Every header of the answer is either told or withheld, so that one in neither list is absent. */
function tellHeaders(
  { headers }: Answer,
  { headers: asked, tell }: Wanted,
): { readonly value: ValueMap; readonly withheld: readonly Withheld[] } {
  const value: Record<string, Value> = {};
  const withheld: Withheld[] = [];
  for (const [name, values] of headers) {
    const isAsked = asked?.includes(name) !== false;
    const text = isAsked ? headerText(name, values, tell.includes(name)) : undefined;
    if (text !== undefined) value[name] = text;
    else
      withheld.push({
        path: `/headers/${escaped(name)}`,
        reason: isAsked ? whyNot(name) : 'the claim asked for other headers',
      });
  }
  return { value, withheld };
}

function whyNot(name: string): string {
  const which = nameOf(name, 64) ?? 'a header';
  return name === 'set-cookie'
    ? 'what cookies hold does not leave the agent; o.http.cookies has their names and flags'
    : `the header ${which} may hold a secret and does not leave the agent; the owner of the target can say tell: [${which}] under options in targets.yaml`;
}

/** Where a redirect leads. Its path and query may hold a secret: only whether the path is that of the request is told. */
function redirectOf({ status, headers }: Answer, { site, path }: Wanted): ValueMap {
  const [location = ''] = headers.get('location') ?? [];
  if (status < 300 || status > 399 || location === '') return {};
  const base = `http${site.trust === undefined ? '' : 's'}://${site.host.includes(':') ? `[${site.host}]` : site.host}:${site.port}`;
  const url = URL.canParse(location, base) ? new URL(location, base) : undefined;
  const host = nameOf(url?.hostname, 253);
  if (url === undefined || host === undefined || !/^https?:$/.test(url.protocol)) return {};
  return {
    redirect: {
      scheme: url.protocol.slice(0, -1),
      host,
      port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
      samePath: url.pathname === path,
    },
  };
}

function tellCookies(lines: readonly string[]): { value: readonly Value[]; withheld: readonly Withheld[] } {
  const cookies = lines.slice(0, MAX_COOKIES).map(cookieOf);
  return {
    value: cookies,
    withheld: [
      ...cookies.flatMap(({ name }, i) =>
        name === WITHHELD ? [{ path: `/cookies/${i}/name`, reason: 'the name of a cookie is no name' }] : [],
      ),
      ...(lines.length > MAX_COOKIES
        ? [
            {
              path: '/cookies',
              reason: `there are more than ${MAX_COOKIES} cookies`,
              only: 'members' as const,
            },
          ]
        : []),
    ],
  };
}

const SAME_SITE = ['lax', 'strict', 'none'];

function cookieOf(line: string): ValueMap {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const flags = attributes.map((each) => each.toLowerCase());
  const site = flags.find((each) => each.startsWith('samesite='))?.slice('samesite='.length);
  const name = pair.split('=', 1)[0] ?? '';
  return {
    name: nameOf(name, 64) ?? WITHHELD,
    secure: flags.includes('secure'),
    httpOnly: flags.includes('httponly'),
    // Browsers take any other word for none that was given.
    sameSite: SAME_SITE.find((each) => each === site) ?? '',
  };
}
