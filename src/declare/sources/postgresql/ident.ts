/** Records of pg_ident.conf: which user of a system may connect as which role. */
import type { TreeMap } from '../../leaf.ts';
import { fault } from './given.ts';
import { nameOf, only, USERS } from './hba.ts';
import type { Line } from './tokens.ts';

/** Reads a record. Refuses `malformed-text`. */
export function mappingOf({ fields, ...at }: Line): TreeMap {
  const [map, system, user, ...more] = fields;
  if (map === undefined || system === undefined || user === undefined || more.length > 0)
    throw fault(at, 'a mapping has three words: its map, a user of the system, and a role');
  return new Map([
    ['map', only(map, 'map', at).text],
    ['system', only(system, 'user of the system', at).text],
    ['user', nameOf(only(user, 'role', at), USERS, at)],
  ]);
}
