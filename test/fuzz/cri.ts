/** What a container runtime sends: messages of CRI. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { parseContainers, parseImages, parseSandboxes, parseVersion } from '../../src/probe/cri/messages.ts';
import { answerOf, field, type ServedNode } from '../support/cri-served.ts';
import type { Target } from './target.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const node: ServedNode = {
  sandboxes: [
    { id: 's1', namespace: 'shop', name: 'web', labels: { a: 'b' }, annotations: { c: 'd' } },
    { id: 's2', ready: false },
  ],
  containers: [{ id: 'c1', sandbox: 's1', name: 'web', imageRef: digest, labels: { a: 'b' } }],
  images: [{ id: digest, digests: [`registry.example/web@${digest}`] }],
};
const seeds = ['/Version', '/ListPodSandbox', '/ListContainers', '/ListImages'].map((each) =>
  answerOf(each, node),
);
const skipped = new BinaryWriter()
  .tag(99, WireType.Bit64)
  .fixed64(1n)
  .tag(98, WireType.Bit32)
  .fixed32(1)
  .finish();
export const CRI_MESSAGES: readonly Target[] = Object.entries({
  parseVersion,
  parseSandboxes,
  parseContainers,
  parseImages,
}).map(([name, parse]): Target => ({
  name,
  covers: [name],
  seeds: [...seeds, skipped, field(1, new Uint8Array())],
  run: (b) => void parse(b),
}));
