/** `tallystick agent consent`: the owner of targets consents to be probed from elsewhere. */
import { signConsent } from '../../../agent/consent.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import { formatTime } from '../../../bytes/time.ts';
import { asUsage } from '../../../bytes/within.ts';
import { loadSigner } from '../../../keys/load.ts';
import { formatVkey } from '../../../note/key.ts';
import { EXIT } from '../../exit.ts';
import type { Context } from '../../frame/context.ts';
import { durationOf, wholeOf } from '../../frame/flagtext.ts';

export interface ConsentWanted {
  readonly targets: readonly string[];
  readonly subject: string | undefined;
  readonly name: string | undefined;
  readonly pairs: string | undefined;
  /** Such as `90d`. */
  readonly valid: string | undefined;
}

/** Prints the consent on stdout, and the key that the rule names on stderr. Refuses `usage`, and as `loadSigner` does. */
export async function runConsent(context: Context, wanted: ConsentWanted): Promise<number> {
  const { output, world, config } = context;
  const { targets, subject, name } = wanted;
  if (targets.length === 0 || subject === undefined || name === undefined || config.key === undefined)
    throw refuse(
      'usage',
      'a consent needs --target, --subject, --by and --key: which doors, for what, and whose word it is',
    );
  const signer = await loadSigner(config.key);
  const until = Math.floor(world.now() / 1000) + durationOf(wanted.valid ?? '90d', '--valid');
  const pairsPerMinute = wholeOf(wanted.pairs, '--pairs', 1, 60) ?? 6;
  const terms = { probe: 'net@1', targets, subject, pairsPerMinute, until };
  const { note, vkey } = await asUsage(async () => ({
    vkey: formatVkey(name, 1, signer.publicKey),
    note: decodeUtf8(await signConsent(terms, name, signer)),
  }));
  if (!output.json) output.write(note);
  output.note(`in targets.yaml: consents: [{ file: FILE, vkey: '${vkey}' }], until ${formatTime(until)}`);
  output.result('agent-consent', { consent: note, vkey, until });
  return EXIT.ok;
}
