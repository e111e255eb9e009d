/** What `postgres@1` can observe. What the server's own catalogues tell has names of the server's. */
import { scalars, type Shape } from '../../claim/shape.ts';
import { tlsShape } from '../tls/shape.ts';

export const POSTGRES_SHAPE: Shape = {
  members: {
    ...scalars('host', 'port', 'role', 'database', 'version', 'encrypted', 'hint'),
    settings: { map: { map: 'scalar' } },
    files: { map: { map: 'scalar' } },
    altered: { map: { map: 'scalar' } },
    declared: { map: 'scalar' },
    hba: { list: { map: 'any' } },
    lets: 'any',
    roles: { map: 'any' },
    grants: { map: 'any' },
    writes: { map: { map: 'any' } },
    creates: { map: { map: 'any' } },
    plaintext: { members: scalars('accepted', 'why') },
    wire: tlsShape(new Map()),
  },
};
