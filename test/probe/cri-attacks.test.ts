/** Attacks on `cri@1`: an API that tells no images, and a runtime that sends one digest for all of its images. */
import t from 'tap';
import { agreementOf } from '#src/probe/cri/agree.ts';
import { podsIn } from '#src/probe/cri/api.ts';
import { imageIndex } from '#src/probe/cri/images.ts';
import { parseJson } from '#src/bytes/json.ts';

const [ONE, TWO] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
const sandbox = { id: 's', uid: 'u', namespace: 'shop', name: 'web', attempt: 0, ready: true, created: 1 };
const container = {
  id: 'c',
  sandbox: 's',
  name: 'web',
  attempt: 0,
  images: [`web@${ONE}`],
  running: true,
  created: 1,
};

/** The API's list of one pod, with what it says of the status of its container. */
const shown = (status: object) =>
  podsIn(
    parseJson(
      JSON.stringify({
        kind: 'PodList',
        items: [
          {
            metadata: { uid: 'u', namespace: 'shop', name: 'web' },
            spec: { nodeName: 'n', containers: [{ name: 'web' }] },
            status: { phase: 'Running', ...status },
          },
        ],
      }),
      { most: 20, advice: '' },
    ),
    'n',
  ).pods;

const statusOf = (imageID: string, state: object = { running: {} }) => ({
  containerStatuses: [{ name: 'web', imageID, state }],
});

t.test('an API that tells no image of what runs agrees with nothing', async (t) => {
  const found = (status: object) => {
    const pods = shown(status);
    const { disagreeing, untold } = agreementOf(
      { sandboxes: [sandbox], containers: [container] },
      pods,
      pods,
      imageIndex([]),
    );
    return [disagreeing.length, untold.length];
  };
  t.same(found(statusOf(`web@${ONE}`)), [0, 0]);
  t.same(found(statusOf(`web@${TWO}`)), [1, 0]);
  for (const [what, status] of [
    ['no status', {}],
    ['no digest', statusOf('web:latest')],
    ['no text', statusOf('')],
    ['another state', statusOf(`web@${TWO}`, { terminated: {} })],
  ] as const)
    t.same(found(status), [0, 1], what);
});

t.test('images that share one digest', async (t) => {
  const images = Array.from({ length: 16_000 }, (_, i) => ({
    id: ONE,
    digests: [`web@${ONE}`, `web@sha256:${String(i).padStart(64, '0')}`],
  }));
  const imageOf = imageIndex(images);
  const { digests, fromRegistry } = imageOf(container);
  t.equal(digests.size, 16_001);
  t.ok(fromRegistry);
  t.same([...imageOf({ images: [TWO] }).digests], [TWO]);
  const many = { id: ONE, digests: Array.from({ length: 201 }, () => `web@${ONE}`) };
  t.throws(() => imageIndex([many]), { code: 'too-large' });
});
