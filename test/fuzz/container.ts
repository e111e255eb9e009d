/** What a container engine sends: JSON of Docker's API. */
import {
  parseContainer,
  parseContainers,
  parseImage,
  parseInfo,
  parseVolume,
  type Info,
} from '../../src/probe/container/answers.ts';
import { judged } from '../../src/probe/container/risks.ts';
import { containerOf, digest, infoOf, listOf, type ServedEngine } from '../support/engine-served.ts';
import { text, type Target } from './target.ts';

const engine: ServedEngine = {
  containers: [
    {
      name: 'web',
      host: {
        CapAdd: ['SYS_ADMIN'],
        SecurityOpt: ['seccomp=x', 'label:disable'],
        Devices: [{ PathOnHost: '/dev/a' }],
      },
      mounts: [
        { Type: 'bind', Source: '/etc', RW: true },
        { Type: 'volume', Name: 'v', Driver: 'local', Source: '/v' },
      ],
    },
  ],
};
const info: Info = parseInfo(text(JSON.stringify(infoOf(engine))));
const volume = { Name: 'v', Driver: 'local', Options: { type: 'none', o: 'bind', device: '/' } };
const image = { Id: digest(1), RepoDigests: [`x@${digest(2)}`], Descriptor: { digest: digest(2) } };
const seeds = [infoOf(engine), listOf(engine), containerOf(engine, 0), image, volume].map((each) =>
  text(JSON.stringify(each)),
);

const parsers: Readonly<Record<string, (bytes: Uint8Array) => void>> = {
  parseInfo: (b) => void parseInfo(b),
  parseContainers: (b) => void parseContainers(b),
  parseContainer: (b) => {
    const container = parseContainer(b);
    judged(container, {
      engine: undefined,
      info,
      containerOf: () => container,
      volumeOf: () => ({ name: 'v', driver: 'local', type: 'none', options: 'bind', device: '/' }),
      allowed: new Set(),
      own: '/run/docker.sock',
    });
  },
  parseImage: (b) => void parseImage(b),
  parseVolume: (b) => void parseVolume(b),
};
export const ENGINE_ANSWERS: readonly Target[] = Object.entries(parsers).map(([name, run]): Target => ({
  name: `${name} of an engine`,
  covers: [name],
  seeds,
  run,
}));
