/** A host with a listener: asked at 4100, it watches 4101 and 4102. Its key is made from a seed. */
import { startListener } from '#src/agent/listener.ts';
import { LISTENER, LISTENER_NAME } from './net-listener.ts';

const options = { host: '::', control: 4100, ports: [4101, 4102], name: LISTENER_NAME, signer: LISTENER };
// It has listened for a while: what is asked within the second of its start shows nothing.
let started = false;
const now = (): number => {
  const back = started ? 0 : 5_000;
  started = true;
  return Date.now() - back;
};
await startListener({ ...options, now });
console.log('ready');
