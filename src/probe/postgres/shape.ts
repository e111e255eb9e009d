/** What `postgres@1` can observe. Members from the server's catalogues have the server's names. */
import { scalars, type Shape } from '../../claim/shape.ts';
import { tlsShape } from '../tls/shape.ts';

const NAMES: Shape = { list: 'scalar' };

export const POSTGRES_SHAPE: Shape = {
  members: {
    ...scalars('host', 'port', 'role', 'database', 'version', 'encrypted', 'hint'),
    settings: { map: { map: 'scalar' } },
    files: { map: { map: 'scalar' } },
    altered: { map: { map: 'scalar' } },
    declared: { map: 'scalar' },
    hba: { list: { map: 'any' } },
    lets: { members: { clear: { list: 'any' }, unproven: { list: 'any' }, ...scalars('whole') } },
    roles: {
      members: {
        superusers: NAMES,
        login: NAMES,
        createrole: NAMES,
        createdb: NAMES,
        replication: NAMES,
        bypassrls: NAMES,
        ...scalars('whole'),
      },
    },
    grants: {
      members: {
        memberOf: NAMES,
        tables: { map: NAMES },
        privileges: NAMES,
        rights: NAMES,
        ...scalars('role', 'whole'),
      },
    },
    writes: { map: { map: 'any' } },
    creates: { map: { map: 'any' } },
    plaintext: { members: scalars('accepted', 'why') },
    wire: tlsShape(new Map()),
  },
};
