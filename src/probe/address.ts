/** Where a target is: `host:port`, `[2001:db8::1]:443`, or a URL, whose path and credentials are not looked at. */
import { isIP } from 'node:net';
import { refuse } from '../bytes/refusal.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'https:': 443,
  'postgres:': 5432,
  'postgresql:': 5432,
  'smtp:': 25,
  'ssh:': 22,
};

/** Whether a target is written as a URL. */
export function isUrl(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target);
}

/** Refuses `config-invalid`. `fallback`: the port when the target names none. */
export function parseAddress(target: string, fallback: number): Address {
  const whole = isUrl(target);
  const text = whole ? target : `tcp://${target}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  const port = Number(url?.port || (whole ? DEFAULT_PORTS[url?.protocol ?? ''] : undefined) || fallback);
  const bare =
    !whole &&
    url !== undefined &&
    (url.pathname !== '' || url.search !== '' || url.username !== '' || url.password !== '');
  const isHost = isIP(host) !== 0 || /^(?!-)[A-Za-z0-9._-]{1,253}$/.test(host);
  if (url === undefined || url.hash !== '' || bare || !isHost || !Number.isInteger(port) || port < 1)
    throw refuse('config-invalid', 'the target is not host:port or a URL; write for example db.example:5432');
  return { host, port };
}
