/** Where an API server is, as targets and kubeconfigs name it. */
import { refuse } from '../../bytes/refusal.ts';
import { isUrl, parseAddress, type Address } from '../../evidence/address.ts';

export const API_SERVER = 'https://HOST:PORT of an API server, without a path';

/** The address of an API server: `https://HOST:PORT` or `HOST:PORT`. Refuses `config-invalid`. */
export function addressOf(target: string): Address {
  const url = isUrl(target) && URL.canParse(target) ? new URL(target) : undefined;
  const isPlain = url === undefined || (url.pathname === '/' && url.search === '' && url.username === '');
  if (isPlain && (url === undefined ? !isUrl(target) : url.protocol === 'https:'))
    return parseAddress(target, url === undefined ? 6443 : 443);
  throw refuse('config-invalid', `the target of kubernetes@1 is ${API_SERVER}`);
}
