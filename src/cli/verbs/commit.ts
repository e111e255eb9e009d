/** `tallystick commit`: declares configuration in a log, and stores the proof. */
import { join, relative, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { commit, commitRepinned } from '../../commit/commit.ts';
import type { Pinning } from '../../commit/pin.ts';
import type { CommitRemark } from '../../commit/request.ts';
import { STDIN } from '../../declare/node/files.ts';
import { PROOF_FILES, slugOf } from '../../declare/node/proofs.ts';
import { KINDS } from '../../declare/sources/registry.ts';
import { loadSigner } from '../../keys/load.ts';
import { clientOf } from '../frame/client.ts';
import { EXIT } from '../exit.ts';
import { DECLARING, leavesAsked, PINNING, pinningOf, repinSubject, requestAsked } from './commit/request.ts';
import { proofsOf } from '../../commit/findevidence.ts';
import { withFlags } from '../frame/remedy.ts';
import { proofsFolderOf } from '../frame/state.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { defineVerb } from '../frame/verb.ts';
import { WAIT_OPTION, waiting } from '../frame/wait.ts';
import { tellCommitted, tellLeaves } from '../views/commit.ts';

export const commitVerb = defineVerb({
  name: 'commit',
  summary: 'declare configuration in a log, and store the proof',
  details:
    'Logs one signed commitment. It makes a salted root public, but no names, sizes or contents. Each file becomes a ' +
    'leaf, also below directories. If the first operand is a kind, the source (a file or standard input) is split into ' +
    'leaves: terraform (show -json of a plan or state), kubernetes (manifests), helm (a chart), ansible (its files), oci (the folder of an image), packages (lockfiles), ' +
    'json, yaml, env, ' +
    'sshd (a listing of sshd -T, or files), nginx (a dump of nginx -T, or files), ini, ' +
    'postgresql (its configuration files). ' +
    'disclose shows single ' +
    'leaves later, but never sensitive ones. Without --subject, the subject is the path of the only file. The commitment ' +
    'supersedes the newest one of its subject; committing the same again changes nothing. If the earlier one has claims ' +
    'or approvals, give them again, or drop them with --drop-claims or --approvals 0. A signature of the target (class ' +
    'E3) counts only if the commitment names its identity: --pin connects once and names it. Later commitments keep it, ' +
    'and --repin changes nothing else. The proof goes to tallystick-proofs/<subject>/, where opening.json and ' +
    'leaves.json are secret; an earlier proof moves to earlier/.',
  operands: [
    [
      '[kind|files...]',
      `files and directories, - for standard input; or one of ${KINDS.join(', ')}, and what to read`,
    ],
  ],
  settings: [...READER_SETTINGS, 'key', 'proofsDir'],
  options: [
    ...DECLARING,
    ...PINNING,
    {
      flags: '--issuer <text>',
      help: "who signs (default: the policy's name for the key, else its thumbprint)",
    },
    WAIT_OPTION,
  ],
  json: true,
  examples: [
    'tallystick commit package-lock.json',
    'tallystick commit postgresql postgresql.conf pg_hba.conf --subject db/payments --environment production',
    'terraform show -json plan | tallystick commit terraform --subject tf/network --key ssh-agent:',
    'tallystick commit kubernetes web.yaml --subject prod/web --claims claims.yaml --pin',
    'tallystick commit nginx /etc/nginx --subject web/shop',
    'tallystick commit helm chart/ --release web --namespace shop --values prod.yaml --subject prod/web',
    'tallystick commit ansible hosts group_vars --subject prod/hosts',
    'tallystick commit --repin --subject prod/web',
  ],
  run: async (context, operands, flags) => {
    const { config, output, world } = context;
    if (flags.on('list')) return tellLeaves(output, await leavesAsked(context, operands, flags));
    if (config.key === undefined)
      throw refuse('usage', 'say who signs with --key: a key file, or ssh-agent:');
    const signer = await loadSigner(config.key);
    const again = flags.on('repin') ? repinSubject(operands, flags) : undefined;
    if (again === undefined && operands.length === 0)
      throw refuse(
        'usage',
        'name what to declare: files, or a kind and its source; or say --repin; see --help',
      );
    const request = again === undefined ? await requestAsked(context, operands, flags) : undefined;
    const client = await clientOf(context, waiting(context, flags));
    const proofs = proofsFolderOf(context);
    const folder = join(proofs, slugOf(request?.subject ?? again ?? ''));
    const options = {
      signer,
      issuer: flags.text('issuer'),
      folder,
      onRemark: ({ level, text, remedy }: CommitRemark) =>
        output[level === 'warning' ? 'warn' : 'note'](withFlags(text, remedy)),
    };
    const pinning = (): Promise<Pinning> => pinningOf(context, flags);
    const committed =
      request === undefined
        ? await commitRepinned(client, again ?? '', { ...options, pinning: await pinning() })
        : await commit(client, request, { ...options, ...(flags.on('pin') && { pinning: await pinning() }) });
    tellCommitted(output, committed, folder, world.cwd);
    const [only] = operands.length === 1 && committed.files.includes(PROOF_FILES.opening) ? operands : [];
    const found =
      only === undefined || only === STDIN ? [] : await proofsOf(resolve(world.cwd, only), proofs);
    // The operand of `verify` that finds this proof: the committed file, or the folder if other proofs match the file.
    const name = found.length === 1 ? only : relative(world.cwd, folder);
    output.note(`check it offline: tallystick verify ${name}`);
    return EXIT.ok;
  },
});
