/** `tallystick agent key` and `agent delegate`: keys of nodes. */
import { READER_SETTINGS } from '../../frame/settings.ts';
import type { Verb, VerbOption } from '../../frame/verb.ts';
import { AGENT } from './settings.ts';

export const keyVerb: Verb = {
  name: 'key',
  summary: "print the agent's public key, and make the key if there is none",
  details: 'A COSE_Key in base64, as `policy enrol` and `agent delegate` take it.',
  ...AGENT,
  json: true,
  examples: ['tallystick agent key > ip-10-0-0-7.pub'],
  run: async (context) => {
    const { runKey } = await import('./key.ts');
    return runKey(context);
  },
};

const DELEGATE_OPTIONS = [
  {
    flags: '--subject <pattern>',
    help: "what a node may prove; {node} stands for its name, and ends it: 'prod/cluster/nodes/{node}'; repeat for several",
    many: true,
  },
  { flags: '--node <name>', help: "name of the node (default: the file's name)" },
  { flags: '--for <time>', help: 'how long, such as 12h or 31d, which is the most (default: 7d)' },
  { flags: '--renew <time>', help: 'leave out nodes whose delegation lasts longer than this' },
  {
    flags: '--apart',
    help: 'say that the API of the cluster neither starts these agents nor holds their keys (systemd, not a DaemonSet)',
  },
  { flags: '--out <path>', help: 'file, or for a folder of keys a folder, to write (default: here)' },
] as const satisfies readonly VerbOption[];

export const delegateVerb: Verb<typeof DELEGATE_OPTIONS> = {
  name: 'delegate',
  summary: 'let keys of nodes prove for a while, without enrolling each of them',
  details:
    'Signs, with a key that is enrolled in the role delegator (--key), a file for each node that its agent sends along with ' +
    'its proofs. A folder has a public key NODE.pub for each node. Run it again before the time is over, with --renew. ' +
    'Revoking the delegator ends all of them, and `policy revoke KID` ends one.',
  settings: [...READER_SETTINGS, 'key'],
  operands: [['<keys>', 'a public key of a node, or a folder with a file NODE.pub for each node']],
  options: DELEGATE_OPTIONS,
  json: true,
  examples: [
    "tallystick agent delegate ip-10-0-0-7.pub --subject 'prod/eu1/nodes/{node}' --apart --key cluster.pem --out delegation.cose",
    "tallystick agent delegate nodes/ --subject 'prod/eu1/nodes/{node}' --for 7d --renew 3d --key cluster.pem --out delegations",
  ],
  run: async (context, [keys = ''], flags) => {
    const { runDelegate } = await import('./delegate.ts');
    return runDelegate(context, {
      keys,
      node: flags.text('node'),
      subjects: flags.texts('subject'),
      lasting: flags.text('for'),
      renew: flags.text('renew'),
      apart: flags.on('apart'),
      out: flags.text('out'),
    });
  },
};
