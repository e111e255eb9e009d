/** What `ssh@1` can observe. */
import { scalars, type Shape } from '../../claim/shape.ts';

const NAMES: Shape = { list: 'scalar' };

export const SSH_SHAPE: Shape = {
  members: {
    ...scalars('host', 'port', 'version', 'unsigned'),
    kex: NAMES,
    extensions: NAMES,
    hostKeys: NAMES,
    ciphers: NAMES,
    macs: NAMES,
    compression: NAMES,
    hostKey: { members: scalars('type', 'bits', 'fingerprint') },
    negotiated: { members: scalars('kex', 'hostKey') },
  },
};
