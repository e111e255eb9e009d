/** What `limit_req` and `limit_req_zone` of nginx say (ngx_http_limit_req_module), as leaves of `commit nginx` have it. */

/** A leaky bucket. */
interface Limit {
  /** Requests a second. */
  readonly rate: number;
  /** Requests beyond it that may come at once. */
  readonly burst: number;
}

const LIMIT = /^(?:(?:zone=[^ ]+|burst=[0-9]{1,5}|delay=[0-9]{1,5}|nodelay)(?: |$))*$/;
const RATE = /(?:^| )rate=([1-9][0-9]{0,4})r\/([sm])(?: |$)/;

const ZONE = /(?:^| )zone=([^ :]+)/;

/** The declared limit; undefined where a text is not what nginx takes, gives a rate or burst twice, or the zone is another than the limit's. */
export function limitReqOf(limit: string, zone: string): Limit | undefined {
  if (!LIMIT.test(limit)) return undefined;
  const [burst = '0', ...bursts] = [...limit.matchAll(/(?:^| )burst=([0-9]+)/g)].map(([, count]) => count);
  const [, count, unit] = RATE.exec(zone) ?? [];
  if (bursts.length > 0 || count === undefined || zone.split('rate=').length !== 2) return undefined;
  const named = ZONE.exec(limit)?.[1];
  if (named !== undefined && named !== ZONE.exec(zone)?.[1]) return undefined;
  return { rate: unit === 'm' ? Number(count) / 60 : Number(count), burst: Number(burst) };
}
