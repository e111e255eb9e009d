/** `tallystick policy add-log-key` and `remove-log-key`: change the keys that the log signs with. */
import { logKeysNamed } from '../../../policy/log-keys.ts';
import { addLogKeys, removeLogKeys } from '../../../registration/edits.ts';
import { defineVerb } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

export const addLogKeyVerb = defineVerb({
  name: 'add-log-key',
  summary: 'add a key that the log will sign with (rotation: A, then A and B, then B)',
  details: `${CHANGES} Start the log with the new key afterwards, then remove the old one.`,
  operands: [['<keys...>', 'vkeys or files of them; or, with --use, public keys or key files']],
  settings: WRITES,
  options: [
    {
      flags: '--use <what>',
      help: 'what the keys will sign; vkeys name it themselves',
      choices: ['checkpoint', 'receipt'],
    },
    DRY_RUN,
  ],
  json: true,
  examples: [
    'tallystick policy add-log-key new/checkpoint-ed25519.pem new/checkpoint-ml-dsa-44.pem --use checkpoint',
    'tallystick policy add-log-key new/receipt-ed25519.pem --use receipt',
  ],
  run: (context, keys, flags) => {
    const { cwd } = context.world;
    const use = flags.text('use');
    return change(context, {
      name: 'add-log-key',
      dryRun: flags.on('dryRun'),
      edit: async (document) => {
        const added = await Promise.all(keys.map((key) => logKeysNamed(key, use, document.origin, cwd)));
        return addLogKeys(document, added.flat());
      },
      already: 'the policy names these keys',
    });
  },
});

export const removeLogKeyVerb = defineVerb({
  name: 'remove-log-key',
  summary: 'remove a key of the log',
  details: `${CHANGES} A key that the log still signs with cannot be removed. Keep retired receipt keys while receipts that they signed are in use.`,
  operands: [['<keys...>', 'vkey, or its <name>+<key id>; of a receipt key its thumbprint (kid)']],
  settings: WRITES,
  options: [DRY_RUN],
  json: true,
  examples: ['tallystick policy remove-log-key log.example.com/2026+d1b21824'],
  run: (context, keys, flags) => {
    return change(context, {
      name: 'remove-log-key',
      dryRun: flags.on('dryRun'),
      edit: (document) => removeLogKeys(document, keys),
      already: 'the policy does not name these keys',
    });
  },
});
