/** The address of a target: `host:port`, `[2001:db8::1]:443`, or a URL, of which path and credentials are ignored. */
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

/** Refuses `config-invalid`. `fallback`: the port if the target names none. */
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
  const isHost = addressBytes(host) !== undefined || /^(?!-)[A-Za-z0-9._-]{1,253}$/.test(host);
  if (url === undefined || url.hash !== '' || bare || !isHost || !Number.isInteger(port) || port < 1)
    throw refuse('config-invalid', 'the target is not host:port or a URL; write for example db.example:5432');
  return { host, port };
}

/** Numbers of the groups in a part of an IPv6 address. */
const groups = (part: string): readonly number[] =>
  part === '' ? [] : part.split(':').map((each) => Number.parseInt(each, 16));

/** The 4 or 16 bytes of an IP address in text, without brackets or zone; undefined for anything else. */
export function addressBytes(text: string): Uint8Array | undefined {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (four !== undefined) return four.every((each) => each < 256) ? Uint8Array.from(four) : undefined;
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(text) || !text.includes(':') || !URL.canParse(`http://[${text}]`))
    return undefined;
  // The URL parser writes IPv6 as groups of hexadecimal digits, the longest run of zeros as `::`.
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((each) => [each >> 8, each & 0xff]));
}
