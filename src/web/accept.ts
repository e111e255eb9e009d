/**
 * The media types that a client accepts (RFC 9110 §12.5.1), as far as deciding between a few known types needs: the
 * most specific range that covers a type gives its quality. Parameters other than `q`, and ranges that cannot be
 * parsed, are ignored.
 */

/** How specific a range is: `*` + `/*`, `type/*`, `type/subtype`. */
const ANY = 1;
const FAMILY = 2;
const EXACT = 3;

/** The quality that one range gives a type. */
interface Match {
  readonly quality: number;
  readonly specific: number;
}

/** Whether the client accepts a media type. True if there is no header, or no range that can be parsed. */
export function accepts(accept: string | undefined, type: string): boolean {
  if (accept === undefined || accept === type || accept === '*/*') return true;
  return match(accept, type).quality > 0;
}

/**
 * How much the client prefers the best of some types: by quality, then by how specifically it was named. Only for
 * comparison; 0 if it accepts none of them.
 */
export function liking(accept: string | undefined, types: readonly string[]): number {
  let best = 0;
  for (const type of types) {
    const { quality, specific } = match(accept ?? '*/*', type);
    // Qualities have three decimals, so how specific a range was can only break a tie.
    if (quality > 0) best = Math.max(best, quality + specific / 1e5);
  }
  return best;
}

function match(accept: string, type: string): Match {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  let best: Match | undefined;
  let readable = false;
  for (const range of accept.split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = qualityOf(parameters);
    if (quality === undefined || !/^[^\s/]+\/[^\s/]+$/.test(name)) continue;
    readable = true;
    const specific = name === type ? EXACT : name === family ? FAMILY : name === '*/*' ? ANY : 0;
    if (specific > (best?.specific ?? 0)) best = { quality, specific };
  }
  if (best !== undefined) return best;
  return { quality: readable ? 0 : 1, specific: 0 };
}

/** 1 without a `q`; undefined for a `q` that is malformed. */
function qualityOf(parameters: readonly string[]): number | undefined {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  if (given === undefined) return 1;
  return /^q=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(given) ? Number(given.slice(2)) : undefined;
}
